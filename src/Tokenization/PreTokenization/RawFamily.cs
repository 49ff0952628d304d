namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Pre-tokenisers that only set lines apart and merge characters instead of bytes: Gemma 4, Sarvam-MoE.</summary>
internal static class RawFamily
{
    public static PreTokenizer[] Rows =>
    [
        new(["gemma4"], new LineRule()) { CleansUp = true, IsRaw = true },
        new(["sarvam-moe"], new LineRule()) { IsRaw = true },
    ];
}
