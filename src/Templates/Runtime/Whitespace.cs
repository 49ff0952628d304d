namespace LayerStream.Templates.Runtime;

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

    /// <summary>Length of the text without white space at the end.</summary>
    public static int TrimmedLength(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    /// <summary>Length of the white space at the beginning.</summary>
    public static int LeadingLength(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return start;
    }

    public static string Trim(string text)
    {
        int end = TrimmedLength(text);
        return text[LeadingLength(text.AsSpan(0, end))..end];
    }

    /// <summary>Places of the lines as Python's str.splitlines() cuts them: none for an empty rest.</summary>
    public static List<(int Begin, int End)> Lines(string text, bool keepEnds = false)
    {
        var lines = new List<(int, int)>();
        for (int start = 0; start < text.Length;)
        {
            int length = text.AsSpan(start).IndexOfAny("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029");
            int end = length < 0 ? text.Length : start + length;
            int next = end >= text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add((start, keepEnds ? next : end));
            start = next;
        }

        return lines;
    }

    /// <summary>Places of the words as Python's str.split() without separator cuts them: at most <paramref name="most"/> splits.</summary>
    public static List<(int Begin, int End)> Words(string text, int most = int.MaxValue)
    {
        var words = new List<(int, int)>();
        for (int i = 0; ;)
        {
            i += LeadingLength(text.AsSpan(i));
            if (i >= text.Length)
            {
                return words;
            }

            int start = i;
            if (words.Count == most)
            {
                words.Add((start, text.Length));
                return words;
            }

            while (i < text.Length && !IsSpace(text[i]))
            {
                i++;
            }

            words.Add((start, i));
        }
    }
}
