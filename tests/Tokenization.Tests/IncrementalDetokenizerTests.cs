using System.Text;
using LayerStream.Tokenization.Vocabularies;
using Xunit;

namespace LayerStream.Tokenization.Tests;

public sealed class IncrementalDetokenizerTests
{
    private static readonly SyntheticVocabulary s_vocabulary =
        SyntheticVocabulary.Bytes().Token("<|im_end|>", TokenType.Control).Token("<tool>", TokenType.UserDefined)
            .Token("[x]", TokenType.Unused);

    private static readonly Tokenizer s_tokens = s_vocabulary.Tokenizer();

    [Fact]
    public void Append_EmojiOverFourTokens_ComesOutWhole()
    {
        var stream = new IncrementalDetokenizer(s_tokens);
        string[] texts = [.. Encoding.UTF8.GetBytes("😀!").Select(b => stream.Append(b))];
        Assert.Equal(["", "", "", "😀", "!"], texts);
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void Append_InvalidBytes_BecomeReplacementsAndHoldNothingBack()
    {
        var stream = new IncrementalDetokenizer(s_tokens);
        Assert.Equal("\uFFFD", stream.Append(0xFF));
        Assert.Equal("", stream.Append(0xF0));
        Assert.Equal("", stream.Append(0x9F));
        Assert.Equal("\uFFFDa", stream.Append('a'));
        Assert.Equal("b", stream.Append('b'));
    }

    [Fact]
    public void Flush_IncompleteCharacter_GivesOneReplacementAndStartsAnew()
    {
        var stream = new IncrementalDetokenizer(s_tokens);
        Assert.Equal("", stream.Append(0xE2) + stream.Append(0x82));
        Assert.Equal("\uFFFD", stream.Flush());
        Assert.Equal("a", stream.Append('a'));
    }

    [Fact]
    public void Append_SpecialTokens_ShowUserDefinedAlwaysAndControlOnRequest()
    {
        int[] ids = [s_vocabulary.IdOf("<tool>"), s_vocabulary.IdOf("<|im_end|>"), s_vocabulary.IdOf("[x]"), s_tokens.VocabularySize + 7];
        var hidden = new IncrementalDetokenizer(s_tokens);
        var shown = new IncrementalDetokenizer(s_tokens, special: true);
        Assert.Equal("<tool>", string.Concat(ids.Select(hidden.Append)));
        Assert.Equal("<tool><|im_end|>", string.Concat(ids.Select(shown.Append)));
    }

    [Fact]
    public void Append_AnyCutOfAnyText_EqualsWholeDecoding()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("aé中😀\u0301").Concat(new byte[] { 0x80, 0xC3, 0xED, 0xA0, 0x80, 0xF4, 0x90 }).ToArray();
        var stream = new IncrementalDetokenizer(s_tokens);
        string streamed = string.Concat(bytes.Select(b => stream.Append(b))) + stream.Flush();
        Assert.Equal(Encoding.UTF8.GetString(bytes), streamed);
        Assert.Equal(streamed, s_tokens.Decode(bytes.Select(b => (int)b)));
    }
}
