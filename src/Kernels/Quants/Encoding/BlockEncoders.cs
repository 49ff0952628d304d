using LayerStream.Formats;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>The table of types that can be written: one row for each.</summary>
internal static unsafe class BlockEncoders
{
    private static readonly SortedDictionary<TensorType, BlockEncoder> s_rows = new()
    {
        [TensorType.F32] = PlainEncoders.F32,
        [TensorType.F16] = PlainEncoders.F16,
        [TensorType.BF16] = PlainEncoders.BF16,
        [TensorType.Q8_0] = LargestEncoders.Q8_0,
        [TensorType.Q4_0] = LargestEncoders.Q4_0,
        [TensorType.Q5_0] = LargestEncoders.Q5_0,
        [TensorType.Q4_1] = RangeEncoders.Q4_1,
        [TensorType.Q5_1] = RangeEncoders.Q5_1,
        [TensorType.Q3_K] = ScaledGroupEncoders.Q3_K,
        [TensorType.Q6_K] = ScaledGroupEncoders.Q6_K,
        [TensorType.Q2_K] = MinimumGroupEncoders.Q2_K,
        [TensorType.Q4_K] = MinimumGroupEncoders.Q4_K,
        [TensorType.Q5_K] = MinimumGroupEncoders.Q5_K,
    };

    /// <summary>All types, by id.</summary>
    public static IReadOnlyList<TensorType> Types { get; } = [.. s_rows.Keys];

    /// <summary>The encoder of a type, or null.</summary>
    public static BlockEncoder? Find(TensorType type) => s_rows.GetValueOrDefault(type);
}
