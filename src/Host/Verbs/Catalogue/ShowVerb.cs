using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs.Catalogue;

/// <summary><c>show</c>: what is known of one model.</summary>
public static class ShowVerb
{
    private static readonly Argument<string> s_model = new("model") { Description = "a name that ls lists, or a file" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("show", "Tells what is known of a model: names, files, size, type, whether it can run, in how much memory.")
        {
            s_model,
        };
        verb.ShowExamples("layerstream show big");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        ModelOptions options = CommonOptions.Bind(parse, "");
        string model = parse.GetRequiredValue(s_model);
        IReadOnlyList<string> folders = File.Exists(model) ? [Path.GetDirectoryName(Path.GetFullPath(model))!] : options.ModelFolders;
        EntryReport report = EntryReport.Of(ModelChoice.One(ModelCatalogue.Of(folders), model), options);
        if (options.Json)
        {
            StandardOutput.WriteJson(ModelReport.Of(report), ReportJson.Default.ModelReport);
        }
        else
        {
            Console.Out.Write(EntryText.Describe(report));
        }

        return Failures.Success;
    }
}
