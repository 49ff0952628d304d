using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Host.Pulling;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Verbs.Catalogue;

/// <summary><c>pull</c>: downloads a model. The only verb that opens a connection to elsewhere.</summary>
public static class PullVerb
{
    private const int MostConnections = 16;

    private static readonly Argument<string> s_source = new("source")
    {
        Description = "hf.co/OWNER/REPO, hf.co/OWNER/REPO:QUANT, or the address of a .gguf file",
    };

    private static readonly Option<int> s_connections = CheckedOption.Whole("--connections",
        $"ranges that come at the same time, 1 to {MostConnections}", 1, MostConnections, usual: 4);

    private static readonly Option<string?> s_tokenFile = new("--token-file")
    {
        Description = "file with the hub's token (default: HF_TOKEN, or the file its own tools keep)",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("pull", "Downloads a model into the first folder of --models, or the usual one. What was interrupted goes on.")
        {
            s_source, s_connections, s_tokenFile,
        };
        verb.ShowExamples("layerstream pull hf.co/OWNER/REPO:Q4_K_M");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        ModelOptions options = CommonOptions.Bind(parse, "");
        Uri endpoint = HubEnvironment.Endpoint();
        PullSource source = PullSource.Parse(parse.GetRequiredValue(s_source), endpoint);
        PullOptions how = new()
        {
            Folder = options.ModelFolders[0],
            Endpoint = endpoint,
            Token = HubEnvironment.Token(parse.GetValue(s_tokenFile)),
            Connections = parse.GetValue(s_connections),
        };
        using PullReport report = new(options.Json, options.Quiet);
        try
        {
            IReadOnlyList<string> files = await new ModelPull(how, report).RunAsync(source, ct);
            report.Finish(EntryReport.Of(EntryOf(options.ModelFolders, files[0]), options));
            return Failures.Success;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            report.End();
            Console.Error.WriteLine($"Interrupted. What came is kept; it goes on with: layerstream pull {source.Text}");
            return Failures.Interrupted;
        }
    }

    private static CatalogueEntry EntryOf(IReadOnlyList<string> folders, string file) =>
        ModelCatalogue.Of(folders).Completed().Entries.First(e => e.Files.Contains(file));
}
