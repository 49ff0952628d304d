using LayerStream.Kernels;
using LayerStream.Memory;

namespace LayerStream.Models;

/// <summary>Makes a model's rotation table once its factor tensor is in memory.</summary>
public static class RopeTables
{
    /// <summary>The table of a model.</summary>
    /// <param name="small">Buffer laid out as <see cref="ModelSpec.SmallWeights"/> says.</param>
    public static RopeTable Create(ModelSpec spec, AlignedBuffer small)
    {
        RopeSpec rope = spec.Rope;
        float[]? factors = rope.Factors is { } f ? small.Floats(f.ByteOffset, f.Count).ToArray() : null;
        return RopeScaling.Create(rope.Dimensions, rope.Theta, rope.ScalingType, rope.Factor, rope.OriginalContext, rope.BetaFast, rope.BetaSlow, factors);
    }
}
