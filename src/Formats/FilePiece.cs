using System.Text.RegularExpressions;

namespace LayerStream.Formats;

/// <summary>Names of files that are not whole: pieces cut by bytes for an upload, and downloads that have not ended.</summary>
public static partial class FilePiece
{
    /// <summary>What to do about a file that could not be read, by its name; null when the name is an ordinary one.</summary>
    public static string? Advice(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        Match piece = CutByBytes().Match(name);
        if (piece.Success)
        {
            string whole = piece.Groups["whole"].Value;
            return $"By its name this is a piece of {whole}, cut by bytes for an upload: join the pieces in order (cat "
                + $"{whole}{piece.Groups["mark"].Value}* > {whole}; on Windows copy /b) and give the joined file.";
        }

        return Unfinished().IsMatch(name) ? "By its name this is a download that has not ended: let it end, or start it again." : null;
    }

    /// <summary>A piece of a file that is not there itself, beside it; null when there is none.</summary>
    internal static string? Beside(string path)
    {
        try
        {
            string? folder = System.IO.Path.GetDirectoryName(path);
            string name = System.IO.Path.GetFileName(path);
            return folder is null || !Directory.Exists(folder) ? null
                : Directory.EnumerateFiles(folder).Where(f => System.IO.Path.GetFileName(f).StartsWith(name, StringComparison.Ordinal)
                && Advice(f) is not null).Order(StringComparer.Ordinal).FirstOrDefault();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    // m.gguf.part1of2, m.gguf.part-a, m.gguf.partaa, m.gguf-split-a, m.gguf.split.00, m.gguf.001, m.gguf.aa
    [GeneratedRegex(@"^(?<whole>.+\.gguf)(?<mark>[.\-_](part|split)[.\-_]?)(\d{1,4}(of\d{1,4})?|[a-z]{1,3})$"
        + @"|^(?<whole>.+\.gguf)(?<mark>\.)(\d{2,3}|[a-z]{2})$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CutByBytes();

    [GeneratedRegex(@"\.(part|partial|incomplete|crdownload|download|opdownload|aria2|!ut|tmp)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Unfinished();
}
