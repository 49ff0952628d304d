namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Pre-tokenisers around the Llama-3 rule: Llama 3, Qwen 2 and 3.5, GLM-4, Ling, Seed, MiniCPM and EXAONE-MoE.</summary>
internal static class Llama3Family
{
    private static readonly Llama3Rule s_three = new();
    private static readonly Llama3Rule s_one = new() { LongestNumber = 1 };

    public static PreTokenizer[] Rows =>
    [
        new(["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"], s_three)
        {
            CleansUp = true, IgnoresMerges = true, AddsBos = true,
        },
        new(["dbrx", "smaug-bpe"], s_three) { CleansUp = true },
        new(["chatglm-bpe"], s_three) { CleansUp = true, HasDefaultBos = false },
        new(["glm4", "glm5"], s_three) { CleansUp = true, IgnoresMerges = true, HasDefaultBos = false },
        new(["qwen2", "deepseek-r1-qwen", "kormo", "hunyuan", "solar-open", "grok-2", "bailingmoe", "bailingmoe2", "llada-moe"], s_one),
        new(["megrez", "stablelm2"], s_one) { CleansUp = true },
        new(["qwen35"], new Llama3Rule { LongestNumber = 1, LettersTakeMarks = true }),
        new(["seed-coder"], new Llama3Rule { LongestNumber = 1, SymbolsTakeNewlines = false }),
        new(["minicpm5"], new ClassRunRule(CharacterClass.Number) { Longest = 3 }, new Llama3Rule { LongestNumber = int.MaxValue })
        {
            CleansUp = true, IgnoresMerges = true,
        },
        new(["exaone-moe"], new ExaoneMoeRule()),
    ];
}
