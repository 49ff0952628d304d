namespace LayerStream.Session.Catalogue;

/// <summary>Deletes models.</summary>
public static class ModelRemoval
{
    private const string SumsEnding = ".layerstream-sums.json"; // which verify writes beside the first file

    /// <summary>Deletes the files of a model, what was recorded of them beside them, and folders below the catalogue's that are empty
    /// then. Of a link the link is deleted.</summary>
    /// <returns>What was deleted.</returns>
    /// <exception cref="IOException">A file could not be deleted.</exception>
    public static IReadOnlyList<string> Delete(CatalogueEntry entry)
    {
        List<string> deleted = [];
        // The first file last: as long as it is there, a model that is half deleted is listed as one.
        foreach (string file in entry.Files.Reverse().Append(DownloadJournal.PathOf(entry.Path)).Append(entry.Path + SumsEnding))
        {
            if (File.Exists(file) || new FileInfo(file).LinkTarget is not null)
            {
                File.Delete(file);
                deleted.Add(file);
            }
        }

        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(entry.Folder));
        for (string? folder = Path.GetDirectoryName(entry.Path);
            folder is not null && folder.Length > root.Length && folder.StartsWith(root, StringComparison.Ordinal)
                && !Directory.EnumerateFileSystemEntries(folder).Any();
            folder = Path.GetDirectoryName(folder))
        {
            Directory.Delete(folder);
        }

        return deleted;
    }
}
