using LayerStream.Tokenization.Vocabularies;
using Xunit;

namespace LayerStream.Tokenization.Tests;

public sealed class SpecialTokenTests
{
    [Fact]
    public void Fill_MarksByTextOrByTheFile_AreFoundWhenThereAreAllThree()
    {
        SyntheticVocabulary known = SyntheticVocabulary.Bytes().Token("<fim_middle>").Token("<fim_prefix>").Token("<fim_suffix>");
        Assert.Equal(new FillTokens(known.IdOf("<fim_prefix>"), known.IdOf("<fim_suffix>"), known.IdOf("<fim_middle>")),
            known.Tokenizer().Fill);
        SyntheticVocabulary named = SyntheticVocabulary.Bytes().Set("tokenizer.ggml.fim_pre_token_id", 1u)
            .Set("tokenizer.ggml.fim_suf_token_id", 2u).Set("tokenizer.ggml.fim_mid_token_id", 3u);
        Assert.Equal(new FillTokens(1, 2, 3), named.Tokenizer().Fill);
        Assert.Null(SyntheticVocabulary.Bytes().Token("<fim_middle>").Token("<fim_prefix>").Tokenizer().Fill);
    }

    [Fact]
    public void Encode_OverlappingSpecials_LongestTokenWinsOverTheWholeText()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("<ab>", TokenType.Control).Token("b>cdef", TokenType.Control)
            .Token("<a", TokenType.Control);
        Tokenizer tokenizer = vocabulary.Tokenizer();
        Assert.Equal([vocabulary.IdOf("<a"), vocabulary.IdOf("b>cdef")], tokenizer.Encode("<ab>cdef", false, true));
        Assert.Equal([vocabulary.IdOf("<ab>"), 'c', 'd'], tokenizer.Encode("<ab>cd", false, true));
    }

    [Fact]
    public void Encode_EqualLengthsOverlap_LeftmostOfEachTokenWins()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("aba", TokenType.UserDefined);
        int id = vocabulary.IdOf("aba");
        Assert.Equal([id, 'b', id, id], vocabulary.Tokenizer().Encode("abababaaba", false, false));
    }

    [Fact]
    public void Encode_WithoutParseSpecial_OnlyUserDefinedAreRecognised()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("<c>", TokenType.Control).Token("<u>", TokenType.UserDefined);
        Tokenizer tokenizer = vocabulary.Tokenizer();
        Assert.Equal([vocabulary.IdOf("<u>"), '<', 'c', '>'], tokenizer.Encode("<u><c>", false, false));
        Assert.Equal([vocabulary.IdOf("<u>"), vocabulary.IdOf("<c>")], tokenizer.Encode("<u><c>", false, true));
    }

    [Fact]
    public void Encode_Phi3_DropsWhitespaceAfterSpecials()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Set("general.name", "My Phi-3 mini")
            .Token("<|user|>", TokenType.Control)
            .Token("<|endoftext|>", TokenType.Control);
        int user = vocabulary.IdOf("<|user|>");
        int end = vocabulary.IdOf("<|endoftext|>");
        Assert.Equal([user, 'a', user, end, ' '], vocabulary.Tokenizer().Encode("<|user|> \n\ta<|user|>\n<|endoftext|> ", false, true));
    }

    [Fact]
    public void Encode_ManySpecialsInRunsOfSpaces_PrefersTheLongest()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes();
        for (int length = 2; length <= 31; length++)
        {
            vocabulary.Token(new string(' ', length), TokenType.UserDefined);
        }

        int[] ids = vocabulary.Tokenizer().Encode(new string(' ', 100_000), false, false);
        Assert.Equal((100_000 + 30) / 31, ids.Length);
        Assert.Equal(vocabulary.IdOf(new string(' ', 31)), ids[0]);
        Assert.Equal(vocabulary.IdOf(new string(' ', 100_000 % 31)), ids[^1]);
    }

    [Fact]
    public void TokenText_SpecialWithCharactersOfTheByteAlphabet_StaysLiteral()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("<é>", TokenType.Control).Token("<｜▁>", TokenType.Control);
        Tokenizer tokenizer = vocabulary.Tokenizer();
        int[] ids = tokenizer.Encode("<é><｜▁>", false, true);
        Assert.Equal([vocabulary.IdOf("<é>"), vocabulary.IdOf("<｜▁>")], ids);
        Assert.Equal("<é><｜▁>", tokenizer.Decode(ids, special: true));
        Assert.Equal("", tokenizer.Decode(ids));
        Assert.Equal("<é>", tokenizer.TokenText(ids[0]));
    }

    [Fact]
    public void FromMetadata_HarmonyMarkers_CorrectTypesAndEnds()
    {
        SyntheticVocabulary vocabulary = SyntheticVocabulary.Bytes().Token("<|end|>", TokenType.Control).Token("<|return|>")
            .Token("<|call|>", TokenType.Control).Token("<|channel|>", TokenType.Control).Token("<|fim_prefix|>");
        vocabulary.Set("tokenizer.ggml.eos_token_id", (uint)vocabulary.IdOf("<|return|>"));
        Tokenizer tokenizer = vocabulary.Tokenizer();
        int[] ends = [vocabulary.IdOf("<|return|>"), vocabulary.IdOf("<|call|>")];
        Assert.Equal(ends, tokenizer.EndOfGeneration.Order());
        Assert.Equal(TokenType.UserDefined, tokenizer.TypeOf(vocabulary.IdOf("<|end|>")));
        Assert.Equal(TokenType.UserDefined, tokenizer.TypeOf(vocabulary.IdOf("<|channel|>")));
        Assert.Equal(TokenType.Control, tokenizer.TypeOf(vocabulary.IdOf("<|return|>")));
        Assert.Equal(TokenType.Control, tokenizer.TypeOf(vocabulary.IdOf("<|fim_prefix|>")));
        Assert.Equal("<|return|>", tokenizer.EosText);
    }
}
