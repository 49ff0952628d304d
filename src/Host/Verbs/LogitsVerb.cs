using System.CommandLine;
using System.Runtime.InteropServices;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>logits</c>: the raw logits of all positions.</summary>
public static class LogitsVerb
{
    private static readonly Option<string> s_ids = new("--ids") { Description = "token ids: 1,2,3 or @FILE", Required = true };
    private static readonly Option<string> s_out = new("--out")
    {
        Description = "file for the little-endian float32 rows",
        Required = true,
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("logits", "Writes the logits of every position.") { s_ids, s_out };
        verb.ShowExamples("layerstream logits --ids 1,2,3 --out logits.f32 --context 64");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        ModelOptions options = CommonOptions.Bind(parse).WithoutDrafts();
        string given = parse.GetRequiredValue(s_ids);
        int[] ids = TokenIds.Parse(given, options.Context);
        await using TransientFile output = OutputPlace.Create(s_out.Name, parse.GetRequiredValue(s_out),
            given.StartsWith('@') ? given[1..] : null);
        await using LoadedModel model = await LoadedModel.OpenAsync(options, new TerminalNotices(options), ct);
        output.Charge(model.FilesAccount);
        int vocabulary = model.Engine.Spec.Vocabulary;
        TokenWithoutRowException.ThrowIfAny(ids, vocabulary);
        await model.Engine.LogitsAsync(ids, (_, row) => output.Write(MemoryMarshal.AsBytes(row.Span)), ct);
        if (options.Json)
        {
            StandardOutput.WriteJson(new LogitsReport(ids.Length, vocabulary, model.Plan.Lossy), ReportJson.Default.LogitsReport);
        }
        else
        {
            Console.Error.WriteLine($"{ids.Length} rows of {vocabulary} logits");
        }

        return Failures.Success;
    }
}
