namespace LayerStream.Tokenization.PreTokenization;

/// <summary>The Llama-3 family, S standing for the letters and C for the contractions of any case:
/// <c>C|[^\r\n\p{L}\p{N}]?S+|\p{N}{1,n}| ?[^\s\p{N}S]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c></summary>
internal sealed class Llama3Rule : SplitRule
{
    private const byte NeverLead = CharacterClass.Letter | CharacterClass.Number;
    private byte _letters = CharacterClass.Letter;

    /// <summary>Longest run of digits in one word.</summary>
    public int LongestNumber { get; init; } = 3;

    /// <summary>Combining marks belong to the letters.</summary>
    public bool LettersTakeMarks
    {
        init => _letters = value ? (byte)(CharacterClass.Letter | CharacterClass.Mark) : CharacterClass.Letter;
    }

    /// <summary>Symbols take the line ends that follow them.</summary>
    public bool SymbolsTakeNewlines { get; init; } = true;

    public override int Match(in CodePointText text, int position, int end)
    {
        int contraction = text.Contraction(position, end, ignoreCase: true);
        if (contraction > 0)
        {
            return contraction;
        }

        if (text.Has(position, _letters)
            || (!text.Has(position, NeverLead) && !text.IsNewline(position) && text.HasBefore(position + 1, end, _letters)))
        {
            return text.RunOf(position + 1, end, _letters) - position;
        }

        if (text.Has(position, CharacterClass.Number))
        {
            int limit = (int)Math.Min(end, position + (long)LongestNumber);
            return text.RunOf(position, limit, CharacterClass.Number) - position;
        }

        byte known = (byte)(CharacterClass.Whitespace | CharacterClass.Number | _letters);
        int start = text[position] == ' ' && position + 1 < end ? position + 1 : position;
        if (text.Has(start, known))
        {
            return text.Blank(position, end, newlines: true);
        }

        int stop = text.RunWithout(start, end, known);
        return (SymbolsTakeNewlines ? text.RunOfNewlines(stop, end, slashes: false) : stop) - position;
    }
}
