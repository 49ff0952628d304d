namespace LayerStream.Golden.Tests;

/// <summary>Reference data beside the project, where it is there.</summary>
internal static class SharedGolden
{
    internal static string? Find(string relative) => Find(relative, File.Exists);

    internal static string? FindFolder(string relative) => Find(relative, Directory.Exists);

    private static string? Find(string relative, Func<string, bool> exists)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "golden", relative);
            if (exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
