namespace LayerStream.Golden.Tests;

/// <summary>Reference data beside the project, where it is there.</summary>
internal static class SharedGolden
{
    internal static string? Find(string relative)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "golden", relative);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
