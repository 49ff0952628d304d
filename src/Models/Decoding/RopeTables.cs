using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>Makes a model's rotation tables once its factor tensors are in memory.</summary>
public static class RopeTables
{
    /// <summary>The tables in the order of <see cref="ModelSpec.Ropes"/>.</summary>
    /// <param name="small">Buffer laid out as <see cref="ModelSpec.SmallWeights"/> says.</param>
    /// <param name="context">Tokens that a sequence may grow to; decides between short and long factors once, as cached keys cannot be
    /// turned back.</param>
    /// <exception cref="ModelFormatException">The factors give frequencies that are not finite.</exception>
    public static IReadOnlyList<RopeTable> Create(ModelSpec spec, AlignedBuffer small, int context) =>
        [.. spec.Ropes.Select(r => Create(spec, r, small, context))];

    private static RopeTable Create(ModelSpec spec, RopeSpec rope, AlignedBuffer small, int context)
    {
        SmallWeight? chosen = rope.LongFactors is { } far && context > rope.OriginalContext ? far : rope.Factors;
        float[]? factors = chosen is null ? null : small.Floats(chosen.ByteOffset, chosen.Count).ToArray();
        try
        {
            return RopeScaling.Create(
                rope.Dimensions, rope.Theta, rope.ScalingType, rope.Factor, rope.OriginalContext, rope.BetaFast, rope.BetaSlow, factors,
                    rope.Magnitude);
        }
        catch (ArgumentException error)
        {
            throw new ModelFormatException(spec.File, chosen?.Tensor.Extent.Offset ?? 0,
                $"the rotation of {chosen?.Tensor.Name ?? "rope.freq_base"} makes no sense: {error.Message}");
        }
    }
}
