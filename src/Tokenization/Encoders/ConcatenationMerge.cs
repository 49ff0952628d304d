using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Encoders;

/// <summary>Joins any pair whose concatenation is a token: the highest score first, or without scores the lowest number first
/// (the tiktoken rule).</summary>
internal readonly struct ConcatenationMerge(PieceTable pieces, float[]? scores) : IMergeRule
{
    public bool TryMerge(int left, int right, ReadOnlySpan<byte> joined, out uint priority, out int merged)
    {
        merged = pieces.Find(joined);
        priority = merged < 0 ? 0 : scores is null ? (uint)merged : Descending(scores[merged]);
        return merged >= 0;
    }

    // Order-reversing image of a float; adding zero makes the two zeros one.
    private static uint Descending(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return (bits & 0x80000000) != 0 ? bits : ~(bits | 0x80000000);
    }
}
