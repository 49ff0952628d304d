using System.Diagnostics.CodeAnalysis;

namespace LayerStream.Formats;

/// <summary>The table of tensor types a GGUF file may contain. Adding a type starts with a row here.</summary>
public static class TensorTypes
{
    private static readonly TensorTypeInfo[] s_rows =
    [
        new(TensorType.F32, "F32", 1, 4),
        new(TensorType.F16, "F16", 1, 2),
        new(TensorType.Q4_0, "Q4_0", 32, 18),
        new(TensorType.Q4_1, "Q4_1", 32, 20),
        new(TensorType.Q5_0, "Q5_0", 32, 22),
        new(TensorType.Q5_1, "Q5_1", 32, 24),
        new(TensorType.Q8_0, "Q8_0", 32, 34),
        new(TensorType.Q8_1, "Q8_1", 32, 36),
        new(TensorType.Q2_K, "Q2_K", 256, 84),
        new(TensorType.Q3_K, "Q3_K", 256, 110),
        new(TensorType.Q4_K, "Q4_K", 256, 144),
        new(TensorType.Q5_K, "Q5_K", 256, 176),
        new(TensorType.Q6_K, "Q6_K", 256, 210),
        new(TensorType.Q8_K, "Q8_K", 256, 292),
        new(TensorType.IQ2_XXS, "IQ2_XXS", 256, 66),
        new(TensorType.IQ2_XS, "IQ2_XS", 256, 74),
        new(TensorType.IQ3_XXS, "IQ3_XXS", 256, 98),
        new(TensorType.IQ1_S, "IQ1_S", 256, 50),
        new(TensorType.IQ4_NL, "IQ4_NL", 32, 18),
        new(TensorType.IQ3_S, "IQ3_S", 256, 110),
        new(TensorType.IQ2_S, "IQ2_S", 256, 82),
        new(TensorType.IQ4_XS, "IQ4_XS", 256, 136),
        new(TensorType.I8, "I8", 1, 1),
        new(TensorType.I16, "I16", 1, 2),
        new(TensorType.I32, "I32", 1, 4),
        new(TensorType.I64, "I64", 1, 8),
        new(TensorType.F64, "F64", 1, 8),
        new(TensorType.IQ1_M, "IQ1_M", 256, 56),
        new(TensorType.BF16, "BF16", 1, 2),
        new(TensorType.TQ1_0, "TQ1_0", 256, 54),
        new(TensorType.TQ2_0, "TQ2_0", 256, 66),
        new(TensorType.MXFP4, "MXFP4", 32, 17),
        new(TensorType.NVFP4, "NVFP4", 64, 36),
        new(TensorType.Q1_0, "Q1_0", 128, 18),
        new(TensorType.Q2_0, "Q2_0", 64, 18),
    ];

    private static readonly TensorTypeInfo?[] s_byId = IndexById();

    /// <summary>All types, by ascending id.</summary>
    public static IReadOnlyList<TensorTypeInfo> All => s_rows;

    /// <summary>The row of a type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no member of <see cref="TensorType"/>.</exception>
    public static TensorTypeInfo Get(TensorType type)
        => TryGet((int)type, out var info) ? info : throw new ArgumentOutOfRangeException(nameof(type), type, "No such tensor type.");

    /// <summary>Looks up the id found in a file; false for removed and unknown ids.</summary>
    public static bool TryGet(int id, [NotNullWhen(true)] out TensorTypeInfo? info)
    {
        info = (uint)id < (uint)s_byId.Length ? s_byId[id] : null;
        return info is not null;
    }

    private static TensorTypeInfo?[] IndexById()
    {
        var index = new TensorTypeInfo?[(int)s_rows[^1].Type + 1];
        foreach (var row in s_rows)
        {
            index[(int)row.Type] = row;
        }

        return index;
    }
}
