using LayerStream.Tokenization.Encoders;
using LayerStream.Tokenization.PreTokenization;
using Xunit;

namespace LayerStream.Tokenization.Tests;

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

    // Names, whole-text clean-up and precedence of whole tokens as the files' own tokenizers have them.
    [Theory]
    [InlineData("gpt-2 phi-2 olmo mpt jais exaone4 mellum modern-bert gigachat a.x-4.0 jina-v2-es jina-v2-de", true, false, false)]
    [InlineData("trillion granite-docling smollm command-r", false, false, false)]
    [InlineData("starcoder refact codeshell exaone minerva-7b mellum2", true, false, false)]
    [InlineData("llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2", true, true, true)]
    [InlineData("dbrx smaug-bpe chatglm-bpe megrez stablelm2 falcon default gemma4", true, false, false)]
    [InlineData("glm4 glm5 minicpm5", true, true, false)]
    [InlineData("qwen2 deepseek-r1-qwen kormo hunyuan solar-open grok-2 qwen35 deepseek-llm deepseek-coder", false, false, false)]
    [InlineData("deepseek-v3 hunyuan-dense joyai-llm hy_v4 gpt-4o llama4 kanana2 minimax-m2 kimi-k2", false, false, false)]
    [InlineData("bailingmoe bailingmoe2 llada-moe seed-coder sarvam-moe exaone-moe", false, false, false)]
    [InlineData("tekken", false, true, true)]
    public void Find_KnownName_HasItsFlags(string names, bool cleansUp, bool ignoresMerges, bool addsBos)
    {
        foreach (string name in names.Split(' '))
        {
            PreTokenizer row = PreTokenizers.Find(name) ?? throw new Xunit.Sdk.XunitException(name + " is missing");
            Assert.Equal((name, cleansUp, ignoresMerges, addsBos), (name, row.CleansUp, row.IgnoresMerges, row.AddsBos));
        }

        Assert.Null(PreTokenizers.Find("no-such"));
    }
}
