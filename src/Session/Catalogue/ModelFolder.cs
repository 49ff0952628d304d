namespace LayerStream.Session.Catalogue;

/// <summary>Folders of models.</summary>
public static class ModelFolder
{
    /// <summary>The folder that <c>pull</c> fills: <c>layerstream/models</c> among the user's data (XDG base directory specification: an
    /// unset, empty or relative variable means the default).</summary>
    public static string Default()
    {
        string? set = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
        string data = Path.IsPathFullyQualified(set ?? "") ? set! : OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
        return Path.Combine(data, "layerstream", "models");
    }

    /// <summary>Full paths of the given folders, or the default one.</summary>
    /// <exception cref="UsageException">A given one is not there.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> given)
    {
        if (given.Count == 0)
        {
            return [Default()];
        }

        string[] folders = [.. given.Where(g => g.Length > 0).Select(Path.GetFullPath).Distinct()];
        return folders.FirstOrDefault(f => !Directory.Exists(f)) is { } missing
            ? throw new UsageException($"--models {missing}: there is no such folder.") : folders;
    }
}
