namespace LayerStream.Tokenization.PreTokenization;

/// <summary><c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c></summary>
internal sealed class Gpt2Rule : SplitRule
{
    private const byte Known = CharacterClass.Whitespace | CharacterClass.Letter | CharacterClass.Number;

    public override int Match(in CodePointText text, int position, int end)
    {
        int contraction = text.Contraction(position, end, ignoreCase: false);
        if (contraction > 0)
        {
            return contraction;
        }

        int start = text[position] == ' ' && position + 1 < end ? position + 1 : position;
        int stop = (text.Class(start) & Known) switch
        {
            CharacterClass.Letter => text.RunOf(start, end, CharacterClass.Letter),
            CharacterClass.Number => text.RunOf(start, end, CharacterClass.Number),
            0 => text.RunWithout(start, end, Known),
            _ => position + text.Blank(position, end, newlines: false),
        };
        return stop - position;
    }
}
