using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs.Catalogue;

/// <summary><c>rm</c>: deletes the files of a model.</summary>
public static class RmVerb
{
    private static readonly Argument<string> s_model = new("model") { Description = "a name that ls lists" };
    private static readonly Option<bool> s_yes = new("--yes", "-y") { Description = "delete without asking" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("rm", "Deletes a model of --models, or one that pull brought: all its files.") { s_model, s_yes };
        verb.ShowExamples("layerstream rm big");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        ModelOptions options = CommonOptions.Bind(parse, "");
        string typed = parse.GetRequiredValue(s_model);
        CatalogueEntry entry = ModelChoice.One(ModelCatalogue.Of(options.ModelFolders), typed);
        bool isExact = NameMatch.IsWholeName(entry, typed) || entry.Files.Contains(Path.GetFullPath(typed));
        if (parse.GetValue(s_yes) ? !isExact : Console.IsInputRedirected)
        {
            throw new UsageException(isExact ? "rm asks before it deletes, and there is nobody to ask: --yes answers."
                : $"'{typed}' is short for {entry.Name}. To delete without being asked, give --yes and the whole name.");
        }

        if (!parse.GetValue(s_yes) && !IsConfirmed(entry))
        {
            Console.Error.WriteLine("Nothing was deleted.");
            return Failures.Failed;
        }

        IReadOnlyList<string> deleted = ModelRemoval.Delete(entry);
        if (options.Json)
        {
            StandardOutput.WriteJson(new RemovalReport(entry.Name, entry.Bytes, deleted), ReportJson.Default.RemovalReport);
        }
        else if (!options.Quiet)
        {
            Console.Error.WriteLine($"{entry.Name} is deleted: {ByteSize.Format(entry.Bytes)}.");
        }

        return Failures.Success;
    }

    private static bool IsConfirmed(CatalogueEntry entry)
    {
        string files = entry.Files.Count == 1 ? entry.Path : $"{entry.Files.Count} files, the first {entry.Path}";
        Console.Error.Write($"Delete {entry.Name}, {ByteSize.Format(entry.Bytes)} ({files})? [y/N] ");
        return Console.In.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
