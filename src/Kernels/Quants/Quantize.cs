using LayerStream.Formats;
using LayerStream.Kernels.Quants.Encoding;
using LayerStream.Kernels.Quants.Types;

namespace LayerStream.Kernels.Quants;

/// <summary>Encoding of floats as tensor rows, the way back from <see cref="Dequantize"/>: the same bytes on every machine.</summary>
public static unsafe class Quantize
{
    /// <summary>Types that can be written, by type id.</summary>
    public static IReadOnlyList<TensorType> Types { get; } =
        [.. QuantTypes.All.Where(row => row.Encode is not null).Select(row => row.Type)];

    /// <summary>Whether rows of this type can be written.</summary>
    public static bool Supports(TensorType type) => QuantTypes.Find(type)?.Encode is not null;

    /// <summary>Encodes whole blocks.</summary>
    /// <param name="type">Type to be written.</param>
    /// <param name="source">A multiple of the type's block.</param>
    /// <param name="destination">Room for as many blocks.</param>
    /// <exception cref="NotSupportedException">The type has no encoder.</exception>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    /// <exception cref="UnencodableValueException">A value is not finite, or too large for the type's scales.</exception>
    public static void Row(TensorType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        BlockEncoder encode = QuantTypes.Find(type)?.Encode ?? throw new NotSupportedException($"Tensor type {type} has no encoder.");
        TensorTypeInfo info = TensorTypes.Get(type);
        long blocks = source.Length / info.BlockSize;
        if (source.Length % info.BlockSize != 0 || destination.Length < blocks * info.BlockBytes)
        {
            throw new ArgumentException($"{source.Length} values are no whole blocks of {type} in {destination.Length} bytes.",
                nameof(destination));
        }

        CheckFinite(type, source);
        fixed (float* from = source)
        fixed (byte* to = destination)
        {
            long failed = encode(from, to, blocks);
            if (failed >= 0)
            {
                int first = (int)failed * info.BlockSize, largest = first;
                for (int i = first; i < first + info.BlockSize; i++)
                {
                    largest = MathF.Abs(source[i]) > MathF.Abs(source[largest]) ? i : largest;
                }

                throw new UnencodableValueException(type, largest, source[largest]);
            }
        }
    }

    /// <summary>Fails on the first value that is not finite.</summary>
    /// <param name="type">Type to be named.</param>
    /// <param name="values">The values.</param>
    /// <exception cref="UnencodableValueException">There is one.</exception>
    public static void CheckFinite(TensorType type, ReadOnlySpan<float> values)
    {
        fixed (float* from = values)
        {
            long at = Extremes.FirstNotFinite(from, values.Length);
            if (at >= 0)
            {
                throw new UnencodableValueException(type, (int)at, values[(int)at]);
            }
        }
    }
}
