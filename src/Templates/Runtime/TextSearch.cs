namespace LayerStream.Templates.Runtime;

/// <summary>Ordinal search whose cost stays linear for hostile texts.</summary>
internal static class TextSearch
{
    // Up to here the vectorised search is at worst this many times the length.
    private const int ShortPattern = 64;

    /// <summary>First offset ≥ <paramref name="from"/> of the pattern, or -1.</summary>
    public static int Find(string text, string pattern, int from)
    {
        if (pattern.Length <= ShortPattern)
        {
            int found = text.AsSpan(from).IndexOf(pattern);
            return found < 0 ? -1 : from + found;
        }

        foreach (int match in Matches(text, pattern, from))
        {
            return match;
        }

        return -1;
    }

    /// <summary>Last offset of the pattern that ends at or before <paramref name="end"/>, or -1.</summary>
    public static int FindLast(string text, string pattern, int end)
    {
        if (pattern.Length <= ShortPattern)
        {
            return text.AsSpan(0, end).LastIndexOf(pattern);
        }

        int last = -1;
        foreach (int match in Matches(text[..end], pattern, 0))
        {
            last = match;
        }

        return last;
    }

    // Knuth–Morris–Pratt; reports overlapping matches.
    private static IEnumerable<int> Matches(string text, string pattern, int from)
    {
        var border = new int[pattern.Length];
        for (int i = 1, length = 0; i < pattern.Length; i++)
        {
            while (length > 0 && pattern[i] != pattern[length])
            {
                length = border[length - 1];
            }

            border[i] = length += pattern[i] == pattern[length] ? 1 : 0;
        }

        for (int i = from, length = 0; i < text.Length; i++)
        {
            while (length > 0 && text[i] != pattern[length])
            {
                length = border[length - 1];
            }

            length += text[i] == pattern[length] ? 1 : 0;
            if (length == pattern.Length)
            {
                yield return i + 1 - length;
                length = border[length - 1];
            }
        }
    }
}
