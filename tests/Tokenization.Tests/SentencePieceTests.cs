using Xunit;

namespace LayerStream.Tokenization.Tests;

public sealed class SentencePieceTests
{
    private static readonly SyntheticVocabulary s_vocabulary = SyntheticVocabulary.Scored().Token("▁").Token("a", score: -9)
        .Token("b", score: -9)
        .Token("ab", score: -2).Token("ba", score: -1).Token("▁a", score: -3).Token("▁ab", score: -4);

    private static readonly Tokenizer s_tokens = s_vocabulary.Tokenizer();

    [Fact]
    public void Encode_CompetingPairs_HighestScoreFirst()
    {
        Assert.Equal([1, Id("▁ab")], s_tokens.Encode("ab", true, true));
        Assert.Equal([Id("▁a"), Id("ba")], s_tokens.Encode("aba", false, false));
        Assert.Equal([1], s_tokens.Encode("", true, true));
    }

    [Fact]
    public void Encode_ScoresOfWholeNumbers_OrderThePairs()
    {
        SyntheticVocabulary whole = SyntheticVocabulary.Scored().WithWholeScores().Token("▁").Token("a", score: -9).Token("b", score: -9)
            .Token("ab", score: -2).Token("ba", score: -1).Token("▁a", score: -3);
        Assert.Equal([whole.IdOf("▁a"), whole.IdOf("ba")], whole.Tokenizer().Encode("aba", false, false));
    }

    [Fact]
    public void FromMetadata_WithoutTypes_KeepsTheDefaultIds()
    {
        Tokenizer tokens = SyntheticVocabulary.Scored().WithoutTypes().Token("▁").Token("a").Tokenizer();
        Assert.Equal((1, 2), (tokens.BosId, tokens.EosId));
        Assert.Equal([1, 259, 260], tokens.Encode("a", true, true));
    }

    [Fact]
    public void Encode_MissingCharacters_FallBackToBytes() =>
        Assert.Equal([Id("▁a"), 3 + 0xC3, 3 + 0xA9, 3 + '\n'], s_tokens.Encode("aé\n", false, false));

    [Fact]
    public void Encode_AfterSpecial_PrefixesASpaceAgain() =>
        Assert.Equal([Id("▁a"), 2, Id("▁a")], s_tokens.Encode("a</s>a", false, true));

    [Fact]
    public void Encode_SpaceMarkWithoutToken_BecomesItsThreeBytes()
    {
        Tokenizer bare = SyntheticVocabulary.Scored().Token("a").Tokenizer();
        Assert.Equal([3 + 0xE2, 3 + 0x96, 3 + 0x81, 259], bare.Encode("a", false, false));
    }

    [Fact]
    public void Decode_SpacePrefix_IsDroppedOnceAndOnlyInWholeTexts()
    {
        int[] ids = [Id("▁a"), Id("▁ab"), 3 + 0xC3, 3 + 0xA9];
        Assert.Equal("a abé", s_tokens.Decode(ids));
        var stream = new IncrementalDetokenizer(s_tokens);
        Assert.Equal(" a abé", string.Concat(ids.Select(stream.Append)));
        Assert.Equal("▁ab", s_tokens.TokenText(ids[1]));
        Assert.Equal(" ab"u8.ToArray(), s_tokens.PieceBytes(ids[1]).ToArray());
    }

    private static int Id(string text) => s_vocabulary.IdOf(text);
}
