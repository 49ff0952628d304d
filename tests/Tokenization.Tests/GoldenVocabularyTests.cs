using System.Text.Json;
using LayerStream.Formats;
using Xunit;

namespace LayerStream.Tokenization.Tests;

public sealed class GoldenVocabularyTests
{
    public static TheoryData<string> Names =>
    [
        "smollm2", "llama-bpe", "qwen2", "qwen35", "gpt-2", "command-r", "deepseek-llm", "llama-spm", "phi-3", "gemma-4",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_GoldenTexts_IdsAreExact(string name)
    {
        (Tokenizer tokenizer, string folder) = Open(name);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name + ".json")));
        var wrong = new List<string>();
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            Compare(wrong, text, Ids(entry, "ids"), tokenizer.Encode(text, addSpecial: false, parseSpecial: false));
            Compare(wrong, text, Ids(entry, "ids_special"), tokenizer.Encode(text, addSpecial: true, parseSpecial: true));
        }

        Assert.True(wrong.Count == 0, $"{name}: {wrong.Count} differ\n{string.Join('\n', wrong.Take(8))}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_ReferenceFile_IdsAreExact(string name)
    {
        (Tokenizer tokenizer, string folder) = Open(name);
        string input = Path.Combine(folder, name + ".inp");
        Assert.SkipUnless(File.Exists(input), "no .inp");
        string[] texts = File.ReadAllText(input).Split("\n__ggml_vocab_test__\n");
        string[] lines = File.ReadAllText(Path.ChangeExtension(input, ".out")).Split('\n');
        var wrong = new List<string>();
        int checkedTexts = 0;
        foreach ((string text, string line) in texts.Zip(lines))
        {
            int[] expected = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            Compare(wrong, text, expected, tokenizer.Encode(text, addSpecial: false, parseSpecial: false));
            checkedTexts++;
        }

        Assert.True(checkedTexts >= 46, $"{checkedTexts} texts");
        Assert.True(wrong.Count == 0, $"{name}: {wrong.Count} differ\n{string.Join('\n', wrong.Take(8))}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_EncodedGoldenTexts_GiveTheTextsBack(string name)
    {
        (Tokenizer tokenizer, string folder) = Open(name);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name + ".json")));
        var stream = new IncrementalDetokenizer(tokenizer);
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            int[] ids = Ids(entry, "ids");
            Assert.Equal(text, tokenizer.Decode(ids));
            string streamed = string.Concat(ids.Select(stream.Append)) + stream.Flush();
            Assert.True(streamed == text || streamed == " " + text, $"{name}: streamed '{streamed}' for '{text}'");
        }
    }

    [Fact]
    public void EndOfGeneration_SmolLm2_HoldsItsMarkers()
    {
        (Tokenizer tokenizer, _) = Open("smollm2");
        string[] texts = [.. tokenizer.EndOfGeneration.Select(tokenizer.TokenText).Order(StringComparer.Ordinal)];
        Assert.Contains("<|im_end|>", texts);
        Assert.Contains("<|endoftext|>", texts);
        Assert.Equal("<|im_start|>", tokenizer.BosText);
        Assert.Contains("<|im_start|>", tokenizer.ChatTemplate);
        Assert.InRange(tokenizer.ApproximateBytes, 500_000, 4_000_000);
    }

    private static (Tokenizer Tokenizer, string Folder) Open(string name)
    {
        if (VocabularyFolders.Find(name) is not { } place)
        {
            Assert.Skip($"golden vocabulary {name} is not here");
            throw new InvalidOperationException();
        }

        return (Tokenizer.FromMetadata(GgufModel.Open(place.Model).Metadata), place.Folder);
    }

    private static int[] Ids(JsonElement entry, string name) => [.. entry.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static void Compare(List<string> wrong, string text, int[] expected, int[] actual)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
        {
            wrong.Add($"'{text}': expected {string.Join(' ', expected)}, got {string.Join(' ', actual)}");
        }
    }
}
