using System.Globalization;

namespace LayerStream.Memory;

/// <summary>Reads the small text files of /proc and /sys; what is missing or unreadable is null.</summary>
internal static class PseudoFile
{
    internal static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static long? Number(string path) => Text(path) is { } text ? ParseNumber(text) : null;

    /// <summary>The value of a "name value" line.</summary>
    internal static long? Field(string? text, string name)
    {
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.Length > name.Length && line[name.Length] is ' ' or '\t' && line.StartsWith(name, StringComparison.Ordinal))
            {
                return ParseNumber(line[(name.Length + 1)..]);
            }
        }

        return null;
    }

    /// <summary>A count; "max" and other words are null, numbers above 2^63 − 1 saturate.</summary>
    internal static long? ParseNumber(ReadOnlySpan<char> text)
    {
        if (!ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
        {
            return null;
        }

        return value > long.MaxValue ? long.MaxValue : (long)value;
    }

    /// <summary>"  1234 kB" in bytes.</summary>
    internal static long? ParseKibibytes(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        int end = text.IndexOf(' ');
        return ParseNumber(end < 0 ? text : text[..end]) * 1024;
    }
}
