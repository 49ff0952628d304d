namespace LayerStream.Session.Catalogue;

/// <summary>What <c>--model</c> means: a path, else a name of the catalogue.</summary>
public static class ModelChoice
{
    /// <summary>The path of the model that a text means. What is there as a file, or can only be a path, is returned as it is.</summary>
    /// <exception cref="UsageException">No model has the name, or several do; the message names them.</exception>
    public static string Path(string text, IReadOnlyList<string> folders)
    {
        if (text.Length == 0 || System.IO.Path.Exists(text) || IsOnlyAPath(text))
        {
            return text;
        }

        ModelCatalogue catalogue = ModelCatalogue.Of(folders);
        bool isFileName = text.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
        return TryFind(catalogue, text) is { } entry ? entry.Path : isFileName ? text : throw Unknown(catalogue, text);
    }

    /// <summary>The one model of a catalogue that a name means.</summary>
    /// <exception cref="UsageException">No model has the name, or several do; the message names them.</exception>
    public static CatalogueEntry One(ModelCatalogue catalogue, string text) => TryFind(catalogue, text) ?? throw Unknown(catalogue, text);

    private static CatalogueEntry? TryFind(ModelCatalogue catalogue, string text)
    {
        if (catalogue.Entries.FirstOrDefault(e => e.Files.Any(f => f == SafeFullPath(text))) is { } byPath)
        {
            return byPath;
        }

        IReadOnlyList<CatalogueEntry> found = NameMatch.Find(catalogue.Entries, text);
        found = found.Count > 0 ? found : NameMatch.Find(catalogue.Completed().Entries, text);
        CatalogueEntry[] sound = [.. found.Where(e => e.Problem is null)];
        return sound.Length == 1 ? sound[0] : sound.Length == 0 && found.Count == 1 ? found[0] : found.Count == 0 ? null
            : throw new UsageException($"'{text}' may be any of {string.Join(", ", found.Select(e => e.Name).Order())}: say which.");
    }

    private static UsageException Unknown(ModelCatalogue catalogue, string text)
    {
        IReadOnlyList<string> near = NameMatch.Near(catalogue.Entries, text);
        string places = string.Join(", ", catalogue.Folders);
        return new UsageException(near.Count > 0
            ? $"There is no file and no model '{text}'. Near it: {string.Join(", ", near)}."
            : $"There is no file and no model '{text}' in {places}. 'layerstream ls' lists what there is, 'layerstream pull' gets more, "
                + "--models names another folder.");
    }

    private static bool IsOnlyAPath(string text) => System.IO.Path.IsPathRooted(text) || text.Contains('\0') || text.Contains('\uFFFD')
        || text.StartsWith("./", StringComparison.Ordinal) || text.StartsWith("../", StringComparison.Ordinal)
        || text.StartsWith(@".\", StringComparison.Ordinal) || text.StartsWith(@"..\", StringComparison.Ordinal);

    private static string SafeFullPath(string text) => text.Contains('\0') ? text : System.IO.Path.GetFullPath(text);
}
