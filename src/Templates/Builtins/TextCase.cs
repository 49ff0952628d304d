using System.Text;
using LayerStream.Templates.Runtime;

namespace LayerStream.Templates.Builtins;

/// <summary>Python's full case mapping: simple Unicode mapping and the common one-to-many letters.</summary>
internal static class TextCase
{
    private static readonly Dictionary<char, string> s_upperMany = new()
    {
        ['ß'] = "SS",
        ['ı'] = "I",
        ['ŉ'] = "ʼN",
        ['ǰ'] = "J̌",
        ['ΐ'] = "Ϊ́",
        ['ΰ'] = "Ϋ́",
        ['և'] = "ԵՒ",
        ['ẖ'] = "H̱",
        ['ẗ'] = "T̈",
        ['ẘ'] = "W̊",
        ['ẙ'] = "Y̊",
        ['ẚ'] = "Aʾ",
        ['ﬀ'] = "FF",
        ['ﬁ'] = "FI",
        ['ﬂ'] = "FL",
        ['ﬃ'] = "FFI",
        ['ﬄ'] = "FFL",
        ['ﬅ'] = "ST",
        ['ﬆ'] = "ST",
    };

    public static string Upper(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\x7f'))
        {
            return text.ToUpperInvariant();
        }

        var builder = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            _ = s_upperMany.TryGetValue(c, out string? many) ? builder.Append(many) : builder.Append(c);
        }

        return builder.ToString().ToUpperInvariant();
    }

    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (text.AsSpan().IndexOfAny('Σ', 'İ') < 0)
        {
            return lower;
        }

        var builder = new StringBuilder(lower.Length);
        for (int i = 0; i < text.Length; i++)
        {
            _ = text[i] switch
            {
                'İ' => builder.Append("i̇"),
                'Σ' when i > 0 && char.IsLetter(text[i - 1]) && !(i + 1 < text.Length && char.IsLetter(text[i + 1])) => builder.Append('ς'),
                _ => builder.Append(lower[i]),
            };
        }

        return builder.ToString();
    }

    /// <summary>Upper case where it is lower, and the other way round.</summary>
    public static string Swap(string text)
    {
        var builder = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            string one = rune.ToString();
            builder.Append(Rune.IsUpper(rune) ? Lower(one) : Rune.IsLower(rune) ? Upper(one) : one);
        }

        return builder.ToString();
    }

    /// <summary>First letter upper case, the rest lower.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        int first = char.IsHighSurrogate(text[0]) && text.Length > 1 ? 2 : 1;
        string head = Upper(text[..first]);
        string lower = Lower(text);
        return (head.Length > first ? head[..1] + Lower(head[1..]) : head)
            + (lower.Length == text.Length ? lower[first..] : Lower(text[first..]));
    }

    /// <summary>str.title(): a capital after every character that is not a letter.</summary>
    public static string Title(string text)
    {
        var builder = new StringBuilder(text.Length);
        string lower = Lower(text), upper = text.ToUpperInvariant();
        if (lower.Length != upper.Length)
        {
            lower = text.ToLowerInvariant();
        }

        for (int i = 0; i < text.Length; i++)
        {
            builder.Append(i > 0 && char.IsLetter(text[i - 1]) ? lower[i] : upper[i]);
        }

        return builder.ToString();
    }

    /// <summary>The title filter: a capital at the start and after white space, -, (, {, [, &lt;.</summary>
    public static string TitleFilter(string text)
    {
        var builder = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int end = i;
            bool isBreak = IsBreak(text[i]);
            while (end < text.Length && IsBreak(text[end]) == isBreak)
            {
                end++;
            }

            builder.Append(Capitalize(text[i..end]));
            i = end;
        }

        return builder.ToString();

        static bool IsBreak(char c) => Whitespace.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
    }
}
