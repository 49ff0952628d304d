using System.Collections.Concurrent;
using System.Text;
using CsCheck;
using LayerStream.Formats;
using LayerStream.Tokenization.Vocabularies;
using Xunit;

namespace LayerStream.Tokenization.Tests;

/// <summary>
/// What holds for every text. The short run is part of the suite; <c>CsCheck_Time=600</c> in the environment runs each property
/// for as many seconds, <c>CsCheck_Seed</c> repeats a failure.
/// </summary>
public sealed class TokenizerPropertyTests
{
    private const long BytesPerCharacter = 400;
    private const long FixedBytes = 1 << 20;
    private const int BytesNotInUtf8 = 13;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private static readonly ConcurrentDictionary<string, Tokenizer?> s_opened = new();

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("qwen35")]
    [InlineData("command-r")]
    [InlineData("deepseek-llm")]
    [InlineData("smollm2")]
    public void EncodeThenDecode_ByteLevelVocabulary_GivesTheTextBack(string name)
    {
        Tokenizer tokenizer = Open(name);
        HashSet<byte> known = SingleBytes(tokenizer);
        // SmolLM2 drops bytes it never saw
        Assert.True(known.Count >= 256 - BytesNotInUtf8 || name == "smollm2", $"{known.Count} bytes have tokens");
        Texts.Any.Sample(text =>
            !Encoding.UTF8.GetBytes(text).All(known.Contains)
                || Texts.WellFormed(text) == tokenizer.Decode(Encode(tokenizer, text, parseSpecial: false)));
    }

    [Theory]
    [InlineData("llama-spm")]
    [InlineData("gemma-4")]
    public void EncodeThenDecode_VocabularyWithByteTokens_GivesTheTextBack(string name)
    {
        Tokenizer tokenizer = Open(name);
        Texts.Any.Sample(text => Texts.WellFormed(text).Replace('\u2581', ' ')
            == tokenizer.Decode(Encode(tokenizer, text, parseSpecial: false)));
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("gemma-4")]
    [InlineData("qwen35")]
    public void Encode_WithSpecialTokens_StaysInTimeAndMemoryAndStreamsAsItDecodes(string name)
    {
        Tokenizer tokenizer = Open(name);
        Texts.Any.Sample(text =>
        {
            int[] ids = Encode(tokenizer, text, parseSpecial: true);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            var stream = new IncrementalDetokenizer(tokenizer, special: true);
            string streamed = string.Concat(ids.Select(stream.Append)) + stream.Flush();
            string whole = tokenizer.Decode(ids, special: true);
            Assert.True(streamed == whole || streamed == " " + whole);
        });
    }

    [Fact]
    public void FromMetadata_AnyVocabulary_EncodesOrIsRefusedByName()
    {
        Gen<string> text = Gen.OneOf(Gen.OneOf("", " ", "a", "b", "ab", "▁", "▁a", "Ġ", "Ġa", "é", "中", "<0x61>", "</s>", "a b", "👍"),
            Gen.String[0, 6]);
        Gen<(string, int, float)> token = Gen.Select(text, Gen.Int[-1, 8],
            Gen.OneOf(Gen.Float, Gen.OneOf(0f, -1f, float.NaN, float.NegativeInfinity)));
        Gen<string> merge = Gen.OneOf(Gen.Select(text, text, static (a, b) => a + " " + b), text);
        Gen<(string, string?)> model = Gen.Select(Gen.OneOf("gpt2", "llama", "gemma4", "t5", "bert"),
            Gen.OneOf("gpt-2", "kimi-k2", "llama-bpe", "default", "none", null));
        Gen.Select(model, token.Array[0, 40], merge.Array[0, 30], Texts.Any).Sample(made =>
        {
            ((string kind, string? pre), (string Text, int Type, float Score)[] tokens, string[] merges, string given) = made;
            SyntheticVocabulary vocabulary = SyntheticVocabulary.Empty(kind, pre)
                .Set("tokenizer.ggml.add_space_prefix", tokens.Length % 2 == 0);
            foreach ((string written, int type, float score) in tokens)
            {
                vocabulary.Token(Texts.WellFormed(written), (TokenType)(byte)type, score);
            }

            foreach (string line in merges)
            {
                vocabulary.Merge(Texts.WellFormed(line));
            }

            GgufMetadata metadata = vocabulary.Metadata();
            if (Tokenizer.Unsupported(metadata) is not null)
            {
                Assert.Throws<UnsupportedTokenizerException>(() => Tokenizer.FromMetadata(metadata));
                return;
            }

            Tokenizer tokenizer = Tokenizer.FromMetadata(metadata);
            tokenizer.Decode(tokenizer.Encode(given, addSpecial: true, parseSpecial: true), special: true);
        });
    }

    private static HashSet<byte> SingleBytes(Tokenizer tokenizer) =>
        [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.TypeOf(id) == TokenType.Normal
            && tokenizer.PieceBytes(id).Length == 1).Select(id => tokenizer.PieceBytes(id)[0])];

    private static int[] Encode(Tokenizer tokenizer, string text, bool parseSpecial)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        int[] ids = tokenizer.Encode(text, addSpecial: false, parseSpecial);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < s_limit, $"{text.Length} characters took longer than {s_limit}");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, (text.Length * BytesPerCharacter) + FixedBytes);
        return ids;
    }

    private static Tokenizer Open(string name)
    {
        Tokenizer? tokenizer = s_opened.GetOrAdd(name,
            static n => VocabularyFolders.Find(n) is { } place ? Tokenizer.FromMetadata(GgufModel.Open(place.Model).Metadata) : null);
        Assert.SkipWhen(tokenizer is null, $"golden vocabulary {name} is not here");
        return tokenizer!;
    }
}
