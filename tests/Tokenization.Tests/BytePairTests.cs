using System.Diagnostics;
using System.Text;
using LayerStream.Tokenization.Vocabularies;
using Xunit;

namespace LayerStream.Tokenization.Tests;

public sealed class BytePairTests
{
    [Fact]
    public void Encode_CompetingMerges_LowestRankThenLeftmost()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("bc").Token("ab").Token("aa").Token("abc")
            .Merge("b c").Merge("a b").Merge("a a").Merge("ab c");
        Tokenizer tokenizer = vocabulary.Tokenizer();
        Assert.Equal(['a', vocabulary.IdOf("bc")], tokenizer.Encode("abc", false, false));
        Assert.Equal([vocabulary.IdOf("aa"), 'a'], tokenizer.Encode("aaa", false, false));
        Assert.Equal([vocabulary.IdOf("ab"), 'd'], tokenizer.Encode("abd", false, false));
    }

    [Fact]
    public void Encode_MergeOperandOutsideTheVocabulary_StillLeadsToTheToken()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("xyz").Merge("x y").Merge("xy z");
        Tokenizer tokenizer = vocabulary.Tokenizer();
        Assert.Equal([vocabulary.IdOf("xyz")], tokenizer.Encode("xyz", false, false));
        Assert.Equal(['x', 'y'], tokenizer.Encode("xy", false, false));
        Assert.Equal(vocabulary.IdOf("xyz") + 1, tokenizer.VocabularySize);
    }

    [Fact]
    public void Encode_IgnoreMerges_TakesWholeWords()
    {
        SyntheticVocabulary llama = SyntheticVocabulary.Bytes("llama-bpe").Token("cat");
        SyntheticVocabulary plain = SyntheticVocabulary.Bytes("dbrx").Token("cat");
        Assert.Equal([llama.IdOf("cat")], llama.Tokenizer().Encode("cat", false, false));
        Assert.Equal(['c', 'a', 't'], plain.Tokenizer().Encode("cat", false, false));
    }

    [Fact]
    public void Encode_LoneSurrogate_IsTheReplacementCharacter() =>
        Assert.Equal([0x61, 0xEF, 0xBF, 0xBD, 0x62], SyntheticVocabulary.Bytes().Tokenizer().Encode("a\uD800b", false, false));

    [Fact]
    public void Encode_AddSpecial_PutsBosAndEos()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("<s>", TokenType.Control).Token("<e>", TokenType.Control)
            .Set("tokenizer.ggml.bos_token_id", 256u).Set("tokenizer.ggml.eos_token_id", 257u)
            .Set("tokenizer.ggml.add_bos_token", true).Set("tokenizer.ggml.add_eos_token", true);
        Tokenizer tokenizer = vocabulary.Tokenizer();
        Assert.Equal([256, 257], tokenizer.Encode("", true, false));
        Assert.Equal([256, 'a', 257], tokenizer.Encode("a", true, false));
        Assert.Empty(tokenizer.Encode("", false, false));
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("deepseek-llm")]
    [InlineData("gpt-4o")]
    public void Encode_WordOf100Kilobytes_TakesNoQuadraticTime(string pre)
    {
        Tokenizer tokenizer = SyntheticVocabulary.Bytes(pre).Token("aa").Token("aaaa").Token("ab").Token("abab")
            .Merge("a a").Merge("aa aa").Merge("a b").Merge("ab ab").Tokenizer();
        var random = new Random(7);
        string mixed = new([.. Enumerable.Range(0, 100_000).Select(_ => (char)('a' + random.Next(2)))]);
        foreach (string text in new[] { mixed, new string('a', 100_000), new string(' ', 100_000) + "x", new string('\n', 100_000),
            string.Concat(Enumerable.Repeat("é́", 30_000)) })
        {
            var watch = Stopwatch.StartNew();
            int[] ids = tokenizer.Encode(text, false, true);
            Assert.True(watch.Elapsed.TotalSeconds < 3, $"{watch.Elapsed.TotalSeconds:F1} s");
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void FromMetadata_UnknownPreTokenizer_IsRefusedByName()
    {
        var metadata = SyntheticVocabulary.Bytes("mystery-9").Metadata();
        Assert.Contains("mystery-9", Tokenizer.Unsupported(metadata));
        var error = Assert.Throws<UnsupportedTokenizerException>(() => Tokenizer.FromMetadata(metadata));
        Assert.Equal("mystery-9", error.PreTokenizer);
        Assert.Contains("'bert'", Tokenizer.Unsupported(SyntheticVocabulary.Empty("bert", null).Token("a").Metadata()));
        Assert.Contains("tokens", Tokenizer.Unsupported(SyntheticVocabulary.Empty("gpt2", "gpt-2").Metadata()));
        Assert.Null(Tokenizer.Unsupported(SyntheticVocabulary.Bytes().Metadata()));
    }

    [Fact]
    public void FromMetadata_NoPreTokenizer_WarnsAndUsesTheDefault()
    {
        Tokenizer tokenizer = SyntheticVocabulary.Bytes(null).Tokenizer();
        Assert.NotNull(tokenizer.Warning);
        Assert.Null(SyntheticVocabulary.Bytes().Tokenizer().Warning);
    }

    [Fact]
    public void Encode_ConcurrentCallers_AgreeWithOne()
    {
        Tokenizer tokenizer = SyntheticVocabulary.Bytes().Token("he").Token("ll").Merge("h e").Merge("l l").Tokenizer();
        string text = string.Concat(Enumerable.Repeat("hello wörld ", 500));
        int[] expected = tokenizer.Encode(text, false, false);
        Parallel.For(0, 8, _ => Assert.Equal(expected, tokenizer.Encode(text, false, false)));
        Assert.Equal(Encoding.UTF8.GetByteCount(text) - 1000, expected.Length);
    }

    [Fact]
    public void Decode_CleanUp_RemovesSpacesOnlyWhenAsked()
    {
        Tokenizer tokenizer = SyntheticVocabulary.Bytes().Tokenizer();
        int[] ids = tokenizer.Encode("It 's a ' b , you 're in .", false, false);
        Assert.Equal("It 's a ' b , you 're in .", tokenizer.Decode(ids));
        Assert.Equal("It's a'b, you're in.", tokenizer.Decode(ids, cleanUp: true));
    }
}
