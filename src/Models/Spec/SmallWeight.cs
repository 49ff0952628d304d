using LayerStream.Formats;

namespace LayerStream.Models.Spec;

/// <summary>A vector (norm, bias, scale, RoPE factors) that stays in memory as F32 for the whole run.</summary>
/// <param name="Tensor">Where it is in the file.</param>
/// <param name="ByteOffset">Where its floats lie in the buffer of small weights.</param>
public sealed record SmallWeight(TensorInfo Tensor, long ByteOffset)
{
    /// <summary>Number of floats.</summary>
    public int Count => checked((int)Tensor.Elements);
}
