namespace LayerStream.Session.Catalogue;

/// <summary>Files below a folder: breadth first, links followed once, hidden folders left out.</summary>
internal static class FolderWalk
{
    private const int MostDepth = 6;
    private const int MostFiles = 100_000;

    /// <summary>Full paths in order, and what could not be looked at.</summary>
    internal static (IReadOnlyList<string> Files, IReadOnlyList<(string Path, string Reason)> Unread) Of(string root)
    {
        List<string> files = [];
        List<(string Path, string Reason)> unread = [];
        HashSet<string> seen = [];
        Queue<(string Folder, int Depth)> pending = new([(root, 0)]);
        while (pending.TryDequeue(out (string Folder, int Depth) at) && files.Count < MostFiles)
        {
            try
            {
                if (!seen.Add(Target(at.Folder)))
                {
                    continue;
                }

                files.AddRange(Directory.EnumerateFiles(at.Folder).Take(MostFiles).Order(StringComparer.Ordinal));
                string[] folders = at.Depth < MostDepth ? Directory.GetDirectories(at.Folder) : [];
                foreach (string folder in folders.Order(StringComparer.Ordinal))
                {
                    if (!Path.GetFileName(folder).StartsWith('.'))
                    {
                        pending.Enqueue((folder, at.Depth + 1));
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                unread.Add((at.Folder, e.Message));
            }
        }

        return (files, unread);
    }

    private static string Target(string folder) => Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder;
}
