namespace LayerStream.Templates;

/// <summary>Python's idea of white space: Unicode white space and the separators U+001C–U+001F.</summary>
internal static class Whitespace
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    public static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!IsSpace(c))
            {
                return false;
            }
        }

        return true;
    }

    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    public static string TrimStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return text[start..];
    }

    public static string Trim(string text) => TrimStart(TrimEnd(text));

    /// <summary>Python's str.splitlines(): no element for an empty rest.</summary>
    public static List<string> Lines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int length = text.AsSpan(start).IndexOfAny("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029");
            int end = length < 0 ? text.Length : start + length;
            int next = end >= text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    /// <summary>Python's str.split() without separator: at most <paramref name="most"/> splits, empties dropped.</summary>
    public static List<string> Words(string text, int most = int.MaxValue)
    {
        var words = new List<string>();
        for (int i = 0; ;)
        {
            while (i < text.Length && IsSpace(text[i]))
            {
                i++;
            }

            if (i >= text.Length)
            {
                return words;
            }

            int start = i;
            if (words.Count == most)
            {
                words.Add(TrimEnd(text[start..]));
                return words;
            }

            while (i < text.Length && !IsSpace(text[i]))
            {
                i++;
            }

            words.Add(text[start..i]);
        }
    }
}
