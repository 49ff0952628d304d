namespace LayerStream.Tokenization.PreTokenization;

/// <summary>EXAONE-MoE, whose words may hold several words of letters separated by single spaces:
/// <c>C|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+</c></summary>
internal sealed class ExaoneMoeRule : SplitRule
{
    private const byte NeverLead = CharacterClass.Letter | CharacterClass.Number;
    private const byte Known = CharacterClass.Whitespace | CharacterClass.Letter | CharacterClass.Number;

    public override int Match(in CodePointText text, int position, int end)
    {
        int contraction = text.Contraction(position, end, ignoreCase: true);
        if (contraction > 0)
        {
            return contraction;
        }

        bool lead = !text.Has(position, NeverLead) && !text.IsNewline(position);
        int letters = lead ? position + 1 : position;
        if (text.HasBefore(letters, end, CharacterClass.Letter))
        {
            return Letters(text, letters, end) - position;
        }

        if (text.Has(position, CharacterClass.Number))
        {
            return 1;
        }

        int start = text[position] == ' ' && position + 1 < end ? position + 1 : position;
        if (text.Has(start, Known))
        {
            return text.Blank(position, end, newlines: true);
        }

        int stop = text.RunWithout(start, end, Known);
        return (stop < end && (text.IsNewline(stop) || text[stop] == '/') ? stop + 1 : stop) - position;
    }

    private static int Letters(in CodePointText text, int position, int end)
    {
        while (true)
        {
            if (text.HasBefore(position, end, CharacterClass.Letter))
            {
                position++;
            }
            else if (position < end && text[position] == ' ' && text.HasBefore(position + 1, end, CharacterClass.Letter))
            {
                position += 2;
            }
            else
            {
                return position;
            }

            position = text.RunOf(position, end, CharacterClass.Mark);
        }
    }
}
