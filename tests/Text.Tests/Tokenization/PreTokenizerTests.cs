using Xunit;

namespace LayerStream.Text.Tests;

public sealed class PreTokenizerTests
{
    [Theory]
    [InlineData("gpt-2", "It's 1234  OK!?\n\n x", "It|'s| 1234| | OK|!?|\n\n| x")]
    [InlineData("smollm", "a 12 b", "a| |1|2| b")]
    [InlineData("llama-bpe", "I'LL pay $12345 \n\n  (now)\r\n", "I|'LL| pay| $|123|45| \n\n| | (|now|)\r\n")]
    [InlineData("qwen2", "x12", "x|1|2")]
    [InlineData("qwen35", "e\u0301te\u0301 \u0301", "e\u0301te\u0301| \u0301")]
    [InlineData("qwen2", "e\u0301te", "e|\u0301te")]
    [InlineData("gpt-4o", "camelCaseHTML's a/b//\n1234", "camel|Case|HTML's| a|/b|//\n|123|4")]
    [InlineData("tekken", "HTML's 12", "HTML|'s| |1|2")]
    [InlineData("kimi-k2", "中文abc字", "中文|abc|字")]
    [InlineData("deepseek-v3", "a.bc 中文カ d=12345;", "a|.bc| |中文カ| d|=|123|45|;")]
    [InlineData("deepseek-llm", "ab 12\nc  ", "ab| |12|\n|c|  ")]
    [InlineData("deepseek-coder", "a1 b(", "a|1| b|(")]
    [InlineData("falcon", "a+b12345", "a|+|b|123|45")]
    [InlineData("seed-coder", "a!\nb", "a|!|\n|b")]
    [InlineData("exaone-moe", "two words 1", "two words| |1")]
    [InlineData("gemma4", "a b\n\nc", "a b|\n\n|c")]
    public void Split_KnownTexts_WordsAreAsTheRegexes(string name, string text, string words)
    {
        var scratch = new EncodeScratch();
        scratch.Split(text, PreTokenizers.Find(name)!, spacePrefix: false);
        int begin = 0;
        var actual = new List<string>();
        foreach (int end in scratch.Ends)
        {
            actual.Add(text[begin..end]);
            begin = end;
        }

        Assert.Equal(words.Split('|'), actual);
    }

    [Fact]
    public void Split_RandomText_WordsCoverTheTextInOrder()
    {
        var random = new Random(3);
        const string Pool = "aB1 '\n\r\t.$中カé\u0301ǅʰ½ /s";
        foreach (string name in PreTokenizers.Names)
        {
            PreTokenizer row = PreTokenizers.Find(name)!;
            for (int n = 0; n < 50; n++)
            {
                string text = new([.. Enumerable.Range(0, n).Select(_ => Pool[random.Next(Pool.Length)])]);
                var scratch = new EncodeScratch();
                scratch.Split(text, row, spacePrefix: false);
                Assert.Equal(text.Length, scratch.Ends.Count == 0 ? 0 : scratch.Ends[^1]);
                Assert.All(scratch.Ends.Zip(scratch.Ends.Skip(1)), pair => Assert.True(pair.First < pair.Second));
            }
        }
    }
}
