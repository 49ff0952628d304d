namespace LayerStream.Tokenization.PreTokenization;

/// <summary>The o200k family: words split before a change from lower to upper case. U = Lu Lt Lm Lo M, L = Ll Lm Lo M:
/// <c>[^\r\n\p{L}\p{N}]?U*L+C?|[^\r\n\p{L}\p{N}]?U+L*C?|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+</c></summary>
internal sealed class O200KRule : SplitRule
{
    private const byte NeverLead = CharacterClass.Letter | CharacterClass.Number;
    private const byte Known = CharacterClass.Whitespace | CharacterClass.Letter | CharacterClass.Number;
    private const byte Cased = CharacterClass.Letter | CharacterClass.Mark;

    /// <summary>Longest run of digits in one word.</summary>
    public int LongestNumber { get; init; } = 3;

    /// <summary>A contraction stays with its word.</summary>
    public bool WordsTakeContractions { get; init; } = true;

    /// <summary>Symbols take slashes besides the line ends that follow them.</summary>
    public bool SymbolsTakeSlashes { get; init; } = true;

    /// <summary>Runs of Han characters are words of their own (Kimi).</summary>
    public bool HanApart { get; init; }

    public override int Match(in CodePointText text, int position, int end)
    {
        if (HanApart && CodePointRanges.Han.Contains(text[position]))
        {
            int han = position + 1;
            while (han < end && CodePointRanges.Han.Contains(text[han]))
            {
                han++;
            }

            return han - position;
        }

        int word = MatchWord(text, position, end);
        if (word > 0)
        {
            return word - position + (WordsTakeContractions ? text.Contraction(word, end, ignoreCase: true) : 0);
        }

        if (text.Has(position, CharacterClass.Number))
        {
            int limit = Math.Min(end, position + LongestNumber);
            return text.RunOf(position, limit, CharacterClass.Number) - position;
        }

        int start = text[position] == ' ' && position + 1 < end ? position + 1 : position;
        return text.Has(start, Known)
            ? text.Blank(position, end, newlines: true)
            : text.RunOfNewlines(text.RunWithout(start, end, Known), end, SymbolsTakeSlashes) - position;
    }

    // The order of the regex with backtracking: first form with and without the leading character, then the second form.
    private int MatchWord(in CodePointText text, int position, int end)
    {
        bool lead = !text.Has(position, NeverLead) && !text.IsNewline(position);
        int found = lead ? UpperThenSomeLower(text, position + 1, end) : 0;
        found = found > 0 ? found : UpperThenSomeLower(text, position, end);
        found = found > 0 || !lead ? found : SomeUpperThenLower(text, position + 1, end);
        return found > 0 ? found : SomeUpperThenLower(text, position, end);
    }

    private int UpperThenSomeLower(in CodePointText text, int position, int end)
    {
        int upperEnd = position;
        int lastBoth = -1;
        while (upperEnd < end && IsUpper(text, upperEnd))
        {
            lastBoth = IsLower(text, upperEnd) ? upperEnd : lastBoth;
            upperEnd++;
        }

        int lowerEnd = LowerRun(text, upperEnd, end);
        return lowerEnd > upperEnd ? lowerEnd : lastBoth + 1;
    }

    private int SomeUpperThenLower(in CodePointText text, int position, int end)
    {
        int upperEnd = position;
        while (upperEnd < end && IsUpper(text, upperEnd))
        {
            upperEnd++;
        }

        return upperEnd > position ? LowerRun(text, upperEnd, end) : 0;
    }

    private int LowerRun(in CodePointText text, int position, int end)
    {
        while (position < end && IsLower(text, position))
        {
            position++;
        }

        return position;
    }

    private bool IsUpper(in CodePointText text, int position) =>
        text.Has(position, Cased) && !text.Has(position, CharacterClass.Lower)
            && !(HanApart && CodePointRanges.Han.Contains(text[position]));

    private bool IsLower(in CodePointText text, int position) =>
        text.Has(position, Cased) && !text.Has(position, CharacterClass.Upper)
            && !(HanApart && CodePointRanges.Han.Contains(text[position]));
}
