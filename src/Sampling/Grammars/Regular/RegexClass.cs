using System.Globalization;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>Sets of code points as regular expressions write them: classes in brackets and escapes.</summary>
internal static class RegexClass
{
    private static readonly CodePointSet s_digits = CodePointSet.Of(('0', '9'));
    private static readonly CodePointSet s_words = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_'));

    private static readonly CodePointSet s_spaces = CodePointSet.Of(
        (9, 13), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F),
        (0x3000, 0x3000), (0xFEFF, 0xFEFF));

    /// <summary>Letters, digits and the underscore of ASCII.</summary>
    public static CodePointSet Words => s_words;

    /// <summary>Any code point but the ends of a line.</summary>
    public static CodePointSet Dot { get; } = CodePointSet.Of((10, 10), (13, 13), (0x2028, 0x2029)).Complement();

    /// <summary>Reads a class; <paramref name="at"/> stands behind its bracket, and afterwards behind the closing one.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="at">Where it is read.</param>
    /// <param name="ignoresCase">Whether letters stand for both cases.</param>
    public static CodePointSet Parse(string text, ref int at, bool ignoresCase = false)
    {
        int begin = at;
        bool isNegated = at < text.Length && text[at] == '^';
        at += isNegated ? 1 : 0;
        List<(int Low, int High)> ranges = [];
        while (true)
        {
            if (at >= text.Length)
            {
                throw Wrong(text, begin, "a class without end");
            }

            if (text[at] == ']')
            {
                at++;
                break;
            }

            CodePointSet first = Member(text, ref at);
            bool isRange = at + 1 < text.Length && text[at] == '-' && text[at + 1] != ']';
            if (!isRange)
            {
                ranges.AddRange(first.Ranges);
                continue;
            }

            at++;
            CodePointSet last = Member(text, ref at);
            if (Single(first) is not int low || Single(last) is not int high)
            {
                throw Wrong(text, begin, "a range between sets");
            }

            ranges.Add(low <= high ? (low, high) : throw Wrong(text, begin, "a range that runs backwards"));
        }

        CodePointSet set = ignoresCase ? LetterCase.Close(CodePointSet.Of(ranges)) : CodePointSet.Of(ranges);
        return isNegated ? set.Complement() : set;
    }

    /// <summary>Reads an escape; <paramref name="at"/> stands behind the backslash, and afterwards behind the escape.</summary>
    public static CodePointSet Escape(string text, ref int at)
    {
        char c = at < text.Length ? text[at++] : throw Wrong(text, at, "a backslash at the end");
        switch (c)
        {
            case 'd':
                return s_digits;
            case 'D':
                return s_digits.Complement();
            case 'w':
                return s_words;
            case 'W':
                return s_words.Complement();
            case 's':
                return s_spaces;
            case 'S':
                return s_spaces.Complement();
            case 'p' or 'P':
                string name = at < text.Length && text[at] != '{' ? text[at++].ToString() : Braced(text, ref at);
                CodePointSet set = UnicodeCategories.Named(name, text);
                return c == 'P' ? set.Complement() : set;
            default:
                at--;
                int point = PointEscape(text, ref at);
                return CodePointSet.Of((point, point));
        }
    }

    /// <summary>The code point at a place of a text; <paramref name="at"/> moves behind it.</summary>
    public static int CodePointAt(string text, ref int at)
    {
        char c = text[at++];
        return char.IsHighSurrogate(c) && at < text.Length && char.IsLowSurrogate(text[at]) ? char.ConvertToUtf32(c, text[at++]) : c;
    }

    private static CodePointSet Member(string text, ref int at)
    {
        if (text[at] != '\\')
        {
            int point = CodePointAt(text, ref at);
            return CodePointSet.Of((point, point));
        }

        at++;
        if (at < text.Length && text[at] == 'b')
        {
            at++;
            return CodePointSet.Of((8, 8));
        }

        return Escape(text, ref at);
    }

    private static int PointEscape(string text, ref int at)
    {
        char c = text[at++];
        switch (c)
        {
            case 't':
                return 9;
            case 'n':
                return 10;
            case 'v':
                return 11;
            case 'f':
                return 12;
            case 'r':
                return 13;
            case '0':
                return 0;
            case 'c' when at < text.Length && char.IsAsciiLetter(text[at]):
                return text[at++] % 32;
            case 'x':
                return Hex(text, ref at, 2);
            case 'u' when at < text.Length && text[at] == '{':
                return int.TryParse(Braced(text, ref at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int point)
                    && point <= CodePointSet.Last ? point : throw Wrong(text, at, "a code point that does not exist");
            case 'u':
                return Utf16(text, ref at);
            default:
                at--;
                return char.IsAsciiLetterOrDigit(c)
                    ? throw GrammarException.Syntax("pattern", $"The pattern '{text}' has an escape \\{c} that means nothing.")
                    : CodePointAt(text, ref at);
        }
    }

    private static int Utf16(string text, ref int at)
    {
        int first = Hex(text, ref at, 4);
        if (!char.IsHighSurrogate((char)first) || at + 1 >= text.Length || text[at] != '\\' || text[at + 1] != 'u')
        {
            return first;
        }

        int behind = at + 2;
        int second = Hex(text, ref behind, 4);
        if (!char.IsLowSurrogate((char)second))
        {
            return first;
        }

        at = behind;
        return char.ConvertToUtf32((char)first, (char)second);
    }

    private static int Hex(string text, ref int at, int digits)
    {
        if (at + digits > text.Length
            || !int.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            throw Wrong(text, at, $"an escape without its {digits} digits");
        }

        at += digits;
        return value;
    }

    private static string Braced(string text, ref int at)
    {
        int end = at < text.Length && text[at] == '{' ? text.IndexOf('}', at) : -1;
        string inner = end < 0 ? throw Wrong(text, at, "an escape without its braces") : text[(at + 1)..end];
        at = end + 1;
        return inner;
    }

    private static int? Single(CodePointSet set) =>
        set.Ranges.Count == 1 && set.Ranges[0].Low == set.Ranges[0].High ? set.Ranges[0].Low : null;

    private static GrammarException Wrong(string text, int at, string what) =>
        GrammarException.Syntax("pattern", $"The pattern '{text}' has {what} at character {at}.");
}
