namespace LayerStream.Tokenization.PreTokenization;

/// <summary>The third rule of DeepSeek-V3, after numbers and CJK runs have been set apart:
/// <c>[ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c></summary>
internal sealed class DeepSeekV3Rule : SplitRule
{
    private const byte Letters = CharacterClass.Letter | CharacterClass.Mark;
    private const byte Marks = CharacterClass.Punctuation | CharacterClass.Symbol;
    private const byte NeverLead = CharacterClass.Letter | Marks;

    public override int Match(in CodePointText text, int position, int end)
    {
        if (IsAsciiPunctuation(text[position]) && position + 1 < end && IsAsciiLetter(text[position + 1]))
        {
            int stop = position + 2;
            while (stop < end && IsAsciiLetter(text[stop]))
            {
                stop++;
            }

            return stop - position;
        }

        if (text.Has(position, Letters)
            || (!text.Has(position, NeverLead) && !text.IsNewline(position) && text.HasBefore(position + 1, end, Letters)))
        {
            return text.RunOf(position + 1, end, Letters) - position;
        }

        int start = text[position] == ' ' && position + 1 < end ? position + 1 : position;
        return text.Has(start, Marks)
            ? text.RunOfNewlines(text.RunOf(start, end, Marks), end, slashes: false) - position
            : text.Blank(position, end, newlines: true);
    }

    private static bool IsAsciiPunctuation(int c) =>
        c is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~');

    private static bool IsAsciiLetter(int c) => c is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z');
}
