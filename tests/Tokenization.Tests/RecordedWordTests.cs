using System.Text.Json;
using LayerStream.Tokenization.Encoders;
using LayerStream.Tokenization.PreTokenization;
using Xunit;

namespace LayerStream.Tokenization.Tests;

/// <summary>Random texts of data/words as the regular expressions cut them; record.py there writes the file anew.</summary>
public sealed class RecordedWordTests
{
    private static readonly JsonElement s_rows = JsonDocument.Parse(File.ReadAllText(
        Path.Combine(VocabularyFolders.Repository, "tests", "Tokenization.Tests", "data", "words", "words.json"))).RootElement;

    public static TheoryData<string> Names => [.. s_rows.EnumerateArray().Select(r => r[0].GetString()!).Distinct()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Split_RecordedTexts_WordsAreThoseOfTheExpressions(string name)
    {
        foreach (JsonElement row in s_rows.EnumerateArray().Where(r => r[0].GetString() == name))
        {
            string[] words = [.. row[1].EnumerateArray().Select(w => w.GetString()!)];
            Assert.Equal(words, Cut(string.Concat(words), PreTokenizers.Find(name)!));
        }
    }

    private static List<string> Cut(string text, PreTokenizer row)
    {
        EncodeScratch scratch = new();
        scratch.Split(text, row, spacePrefix: false);
        List<string> words = [];
        int begin = 0, unit = 0;
        foreach (int end in scratch.Ends)
        {
            int from = unit;
            for (; begin < end; begin++)
            {
                unit += char.IsHighSurrogate(text[unit]) ? 2 : 1;
            }

            words.Add(text[from..unit]);
        }

        return words;
    }
}
