using System.Buffers.Binary;
using System.Diagnostics;
using LayerStream.Tokenization.Encoders;
using LayerStream.Tokenization.Vocabularies;
using Xunit;

namespace LayerStream.Tokenization.Tests;

public sealed class UnigramTests
{
    private static readonly (string Text, float Score)[] s_scored =
        [("▁", -3), ("a", -4), ("b", -5), ("ab", -4.5f), ("▁a", -5), ("▁ab", -9), ("ba", -3.5f), ("bab", -8), ("é", -6)];

    [Fact]
    public void Encode_RandomText_IsTheCutWithTheGreatestSum()
    {
        SyntheticVocabulary vocabulary = Make();
        Tokenizer tokenizer = vocabulary.Tokenizer();
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 10)).Select(_ => "ab é"[random.Next(4)])]);
            double best = BestSum(text.Replace(' ', '▁'));
            int[] ids = tokenizer.Encode(text, addSpecial: false, parseSpecial: false);
            Assert.Equal(best, ids.Sum(id => s_scored.First(token => vocabulary.IdOf(token.Text) == id).Score), 1e-4);
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Encode_Defaults_EndIsAddedAndUnknownsCollapse()
    {
        SyntheticVocabulary vocabulary = Make();
        Assert.Equal([vocabulary.IdOf("a"), 2, vocabulary.IdOf("a"), 1],
            vocabulary.Tokenizer().Encode("axyza", addSpecial: true, parseSpecial: true));
    }

    [Theory]
    [InlineData(false, false, "  a  b ", "▁|▁|a|▁|▁|b|▁")]
    [InlineData(false, true, "  a  b ", "▁|a|▁|b")]
    [InlineData(true, false, "a b", "▁|a|▁|b")]
    [InlineData(true, false, "  a", "▁|▁|▁|a")]
    [InlineData(true, true, " a b ", "▁|a|▁|b")]
    [InlineData(true, true, "   ", "")]
    public void Encode_SpaceRules_PrefixAndMergeSpaces(bool prefix, bool merges, string text, string expected)
    {
        SyntheticVocabulary vocabulary = Blank().Token("▁", score: -1).Token("a", score: -1).Token("b", score: -1)
            .Set("tokenizer.ggml.add_space_prefix", prefix).Set("tokenizer.ggml.remove_extra_whitespaces", merges);
        int[] ids = vocabulary.Tokenizer().Encode(text, false, false);
        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(vocabulary.IdOf), ids);
    }

    [Fact]
    public void Encode_UserDefined_CountsAsScoreZeroAndUnusedMayBeUsed()
    {
        SyntheticVocabulary vocabulary = Make().Token("aba", TokenType.UserDefined, score: -99).Token("bb", TokenType.Unused, score: -1)
            .Token("abab", TokenType.Control);
        Assert.Equal([vocabulary.IdOf("aba"), vocabulary.IdOf("bb")], vocabulary.Tokenizer().Encode("ababb", false, false));
    }

    [Fact]
    public void Match_MapOfOnePair_ReplacesAndStaysInsideTheBlob()
    {
        byte[] blob = MapOf((byte)'A', "ab");
        CharacterMap map = CharacterMap.Read(blob);
        Assert.Equal(1, map.Match("AB"u8, out ReadOnlySpan<byte> replacement));
        Assert.Equal("ab"u8.ToArray(), replacement.ToArray());
        Assert.Equal(0, map.Match("B"u8, out _));
        Assert.Equal(0, map.Match([0xFF, 0x41], out _));
        var random = new Random(1);
        for (int round = 0; round < 2000; round++)
        {
            byte[] broken = (byte[])blob.Clone();
            for (int i = 0; i < 8; i++)
            {
                broken[random.Next(round % 3 == 0 ? 8 : broken.Length)] = (byte)random.Next(256);
            }

            Assert.InRange(CharacterMap.Read(broken.AsSpan(0, random.Next(broken.Length + 1))).Match("AAAA"u8, out _), 0, 4);
        }
    }

    [Fact]
    public void Normalize_WithMap_ReplacementsFollowTheSpaceRules()
    {
        var result = new List<byte>();
        new UnigramNormalizer(CharacterMap.Read(MapOf((byte)'A', " x")), mergesSpaces: true, prefixesSpace: true)
            .Normalize("A AA"u8, result);
        Assert.Equal(" x x x"u8.ToArray(), result);
    }

    [Fact]
    public void Encode_LongWords_TakeLinearTime()
    {
        Tokenizer tokenizer = Make().Tokenizer();
        foreach (string text in new[] { new string('a', 300_000), new string('x', 300_000),
            string.Concat(Enumerable.Repeat("ab é", 100_000)) })
        {
            var clock = Stopwatch.StartNew();
            tokenizer.Encode(text, false, false);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
        }
    }

    private static SyntheticVocabulary Blank() =>
        SyntheticVocabulary.Empty("t5", null).Token("<pad>", TokenType.Control).Token("</s>", TokenType.Control)
            .Token("<unk>", TokenType.Unknown);

    private static SyntheticVocabulary Make() => s_scored.Aggregate(Blank(), (made, token) => made.Token(token.Text, score: token.Score));

    private static double BestSum(string text) => text.Length == 0
        ? 0
        : s_scored.Where(token => text.StartsWith(token.Text, StringComparison.Ordinal))
        .Max(token => token.Score + BestSum(text[token.Text.Length..]));

    // Root → label → value, at bases chosen by hand.
    private static byte[] MapOf(byte from, string to)
    {
        const int RootBase = 0x100, LeafBase = 0x200;
        uint[] nodes = new uint[0x400];
        nodes[0] = RootBase << 10;
        nodes[RootBase ^ from] = (LeafBase << 10) | 0x100u | from;
        nodes[RootBase ^ from ^ LeafBase] = 1;
        byte[] blob = new byte[4 + (4 * nodes.Length) + to.Length + 2];
        BinaryPrimitives.WriteInt32LittleEndian(blob, 4 * nodes.Length);
        for (int i = 0; i < nodes.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(blob.AsSpan(4 + (4 * i)), nodes[i]);
        }

        System.Text.Encoding.ASCII.GetBytes(to, blob.AsSpan(4 + (4 * nodes.Length) + 1));
        return blob;
    }
}
