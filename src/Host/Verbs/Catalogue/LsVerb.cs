using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs.Catalogue;

/// <summary><c>ls</c>: the models that are there, and what the memory budget makes of each.</summary>
public static class LsVerb
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("ls", "Lists the models of --models, or those that pull brought.");
        verb.ShowExamples("layerstream ls", "layerstream ls --models models --memory-budget 4GiB");
        verb.SetAction((parse, ct) => Task.FromResult(Run(parse, ct)));
        return verb;
    }

    private static int Run(ParseResult parse, CancellationToken ct)
    {
        ModelOptions options = CommonOptions.Bind(parse, "");
        ModelCatalogue catalogue = ModelCatalogue.Of(options.ModelFolders).Completed();
        List<EntryReport> reports = [];
        foreach (CatalogueEntry entry in catalogue.Entries)
        {
            ct.ThrowIfCancellationRequested();
            reports.Add(EntryReport.Of(entry, options));
        }

        if (options.Json)
        {
            StandardOutput.WriteJson(new CatalogueReport(catalogue.Folders, [.. reports.Select(ModelReport.Of)]),
                ReportJson.Default.CatalogueReport);
        }
        else
        {
            Console.Out.Write(EntryText.List(reports));
            if (reports.Count == 0 && !options.Quiet)
            {
                Console.Error.WriteLine($"There are no models in {string.Join(", ", catalogue.Folders)}. One comes with: "
                    + "layerstream pull hf.co/OWNER/REPO; --models names another folder.");
            }
        }

        return Failures.Success;
    }
}
