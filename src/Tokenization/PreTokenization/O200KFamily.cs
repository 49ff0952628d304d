namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Pre-tokenisers around the o200k rule: GPT-4o and gpt-oss, Llama 4, MiniMax, Mistral's Tekken, Kimi.</summary>
internal static class O200KFamily
{
    public static PreTokenizer[] Rows =>
    [
        new(["gpt-4o", "llama4", "kanana2", "minimax-m2"], new O200KRule()),
        new(["tekken"], new O200KRule { LongestNumber = 1, WordsTakeContractions = false }) { IgnoresMerges = true, AddsBos = true },
        new(["kimi-k2"], new O200KRule { HanApart = true, SymbolsTakeSlashes = false }) { MayLackMerges = true },
    ];
}
