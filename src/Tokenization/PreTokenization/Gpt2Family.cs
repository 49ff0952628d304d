namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Pre-tokenisers around the GPT-2 rule.</summary>
internal static class Gpt2Family
{
    private static readonly Gpt2Rule s_words = new();
    private static readonly ClassRunRule s_digit = new(CharacterClass.Number) { Longest = 1 };

    public static PreTokenizer[] Rows =>
    [
        new(["gpt-2", "gpt2", "phi-2", "olmo", "mpt", "jais", "exaone4", "mellum", "modern-bert", "gigachat", "a.x-4.0",
            "jina-es", "jina-de",
            "jina-v2-es", "jina-v2-de"], s_words) { CleansUp = true },
        new(["trillion", "granite-docling"], s_words),
        new(["smollm", "command-r"], s_digit, s_words),
        new(["starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"], s_digit, s_words) { CleansUp = true },
    ];
}
