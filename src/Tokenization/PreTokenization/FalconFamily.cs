namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Pre-tokenisers that set punctuation and threes of digits apart: Falcon, and the one for files that name none.</summary>
internal static class FalconFamily
{
    private static readonly ClassRunRule s_threeDigits = new(0, CodePointRanges.Parse("30-39")) { Shortest = 3, Longest = 3 };

    public static PreTokenizer[] Rows =>
    [
        new(["falcon"], new ClassRunRule(CharacterClass.Punctuation, CodePointRanges.Of("$+<=>^~|`")), new Gpt2Rule(), s_threeDigits)
        {
            CleansUp = true,
        },
        new(["default"], new ClassRunRule(CharacterClass.Punctuation, CodePointRanges.Of("$+<=>^~|")), new Gpt2Rule(),
            new ClassRunRule(CharacterClass.Number), s_threeDigits)
        {
            CleansUp = true,
        },
    ];
}
