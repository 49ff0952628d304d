using LayerStream.Kernels;
using LayerStream.Memory;

namespace LayerStream.Models;

/// <summary>Makes a model's rotation table once its factor tensor is in memory.</summary>
public static class RopeTables
{
    /// <summary>The table of a model.</summary>
    /// <param name="small">Buffer laid out as <see cref="ModelSpec.SmallWeights"/> says.</param>
    /// <exception cref="UnsupportedModelException">The factors or parameters give frequencies that are not finite.</exception>
    public static RopeTable Create(ModelSpec spec, AlignedBuffer small)
    {
        RopeSpec rope = spec.Rope;
        float[]? factors = rope.Factors is { } f ? small.Floats(f.ByteOffset, f.Count).ToArray() : null;
        try
        {
            return RopeScaling.Create(rope.Dimensions, rope.Theta, rope.ScalingType, rope.Factor, rope.OriginalContext, rope.BetaFast, rope.BetaSlow, factors);
        }
        catch (ArgumentException e)
        {
            // Only the data of the factor tensor can bring this about, which nobody saw before it was loaded.
            throw new UnsupportedModelException([$"its rope parameters: {e.Message}"]);
        }
    }
}
