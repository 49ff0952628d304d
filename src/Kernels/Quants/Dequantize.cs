using LayerStream.Formats;
using LayerStream.Kernels.Quants.Types;

namespace LayerStream.Kernels.Quants;

/// <summary>Exact decoding of tensor rows to floats.</summary>
public static unsafe class Dequantize
{
    /// <summary>Whether rows of this type can be decoded.</summary>
    public static bool Supports(TensorType type) => QuantTypes.Find(type) is not null;

    /// <summary>Decodes one row, bit-exactly.</summary>
    /// <param name="type">Type of the row.</param>
    /// <param name="source">Whole blocks covering <paramref name="destination"/>.</param>
    /// <param name="destination">One float per element; its length is a multiple of the type's block.</param>
    /// <exception cref="NotSupportedException">The type is not supported.</exception>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    public static void Row(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        QuantType row = QuantTypes.Find(type) ?? throw new NotSupportedException($"Tensor type {type} has no decoder.");
        long blocks = destination.Length / row.BlockElements;
        if (destination.Length % row.BlockElements != 0 || source.Length < blocks * row.BlockBytes)
        {
            throw new ArgumentException($"{source.Length} bytes of {type} do not hold {destination.Length} whole elements.",
                nameof(source));
        }

        fixed (byte* from = source)
        fixed (float* to = destination)
        {
            row.Decode(from, to, blocks);
        }
    }
}
