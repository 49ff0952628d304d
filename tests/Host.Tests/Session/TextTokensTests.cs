using System.Text;
using LayerStream.Formats;
using LayerStream.Session;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Tests;

namespace LayerStream.Host.Tests.Session;

/// <summary>The ids of a text read piece by piece are those of the whole text.</summary>
[Collection(nameof(HeapMeasurements))]
public sealed class TextTokensTests
{
    public static TheoryData<string> Names =>
    [
        "smollm2", "llama-bpe", "qwen2", "qwen35", "gpt-2", "command-r", "deepseek-llm", "llama-spm", "phi-3", "gemma-4",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_LongText_GivesTheIdsOfTheWholeText(string name)
    {
        Tokenizer tokenizer = Open(name);
        string text = LongText(150_000, seed: 7);
        List<int> ids = [];
        int pieces = 0;
        foreach (int[] piece in new TextTokens(new StringReader(text), tokenizer).Read())
        {
            ids.AddRange(piece);
            pieces++;
        }

        Assert.InRange(pieces, 4, 40);
        Assert.Equal(tokenizer.Encode(text, addSpecial: false, parseSpecial: false), ids);
    }

    [Fact]
    public void Read_TextOfAnyLength_HoldsAPieceOfIt()
    {
        Tokenizer tokenizer = Open("gpt-2");
        long most = 0, tokens = 0, before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (int[] piece in new TextTokens(new RepeatedText(LongText(20_000, seed: 3), times: 100), tokenizer).Read())
        {
            tokens += piece.Length;
            most = tokens % 5 == 0 ? Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before) : most;
        }

        Assert.True(tokens > 300_000, $"{tokens} tokens");
        Assert.InRange(most, 0, 2 << 20); // the text alone is 4 MB
    }

    [Fact]
    public void Read_EndlessWord_IsRefused()
    {
        TextTokens tokens = new(new RepeatedText(new string('x', 1000), times: 5000), Open("gpt-2"));
        Assert.Contains("space", Assert.Throws<UsageException>(() => tokens.Read().Count()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData(" a b ")]
    public void Read_ShortText_IsOnePiece(string text)
    {
        Tokenizer tokenizer = Open("llama-spm");
        int[] whole = tokenizer.Encode(text, addSpecial: false, parseSpecial: false);
        Assert.Equal(whole, new TextTokens(new StringReader(text), tokenizer).Read().Single());
    }

    private static Tokenizer Open(string name)
    {
        (string Model, string Folder)? found = VocabularyFolders.Find(name);
        Assert.SkipWhen(found is null, $"the vocabulary {name} is not here");
        return Tokenizer.FromMetadata(GgufModel.Open(found!.Value.Model).Metadata);
    }

    // Words, numbers, other scripts, surrogate pairs, runs of spaces and line ends, code.
    private static string LongText(int length, int seed)
    {
        string[] words =
        [
            "the", "stream", "of", "weights", "Über", "naïve", "don't", "I'LL", "12345", "3.14", "été", "数学", "こんにちは", "мир", "🙂",
            "👩‍👩‍👧", "ﬁne", "e\u0301", "if (x == 0) {", "return;", "}", "\t", "\n", "\n\n", "\r\n", "  ", "   ", ",", ".", "!!!", "—",
            "(", ")", "_name", "a.b.c", "http://x.y/z?q=1",
        ];
        Random random = new(seed);
        StringBuilder text = new(length + 32);
        while (text.Length < length)
        {
            text.Append(words[random.Next(words.Length)]).Append(random.Next(8) == 0 ? "" : " ");
        }

        return text.ToString();
    }

    private sealed class RepeatedText(string text, int times) : TextReader
    {
        private long _at;

        public override int Peek() => _at < (long)text.Length * times ? text[(int)(_at % text.Length)] : -1;

        public override int Read()
        {
            int next = Peek();
            _at += next < 0 ? 0 : 1;
            return next;
        }
    }
}
