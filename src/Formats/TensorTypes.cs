using System.Diagnostics.CodeAnalysis;

namespace LayerStream.Formats;

/// <summary>Tensor element types by their id in a GGUF file (GGUF specification, "ggml_type").</summary>
public enum TensorType
{
    F32 = 0, F16 = 1, Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, Q8_1 = 9,
    Q2_K = 10, Q3_K = 11, Q4_K = 12, Q5_K = 13, Q6_K = 14, Q8_K = 15,
    IQ2_XXS = 16, IQ2_XS = 17, IQ3_XXS = 18, IQ1_S = 19, IQ4_NL = 20, IQ3_S = 21, IQ2_S = 22, IQ4_XS = 23,
    I8 = 24, I16 = 25, I32 = 26, I64 = 27, F64 = 28, IQ1_M = 29, BF16 = 30,
    TQ1_0 = 34, TQ2_0 = 35, MXFP4 = 39, NVFP4 = 40, Q1_0 = 41, Q2_0 = 42,
}

/// <summary>The table of tensor types a GGUF file may contain: one row for each, with everything that is known of its bytes. Adding a
/// type starts here.</summary>
public static class TensorTypes
{
    private static readonly TensorTypeInfo[] s_rows =
    [
        new(TensorType.F32, 1, 4, BlockNumbers.Single),
        new(TensorType.F16, 1, 2, BlockNumbers.Half(0)),
        new(TensorType.Q4_0, 32, 18, BlockNumbers.Half(0)),
        new(TensorType.Q4_1, 32, 20, BlockNumbers.Halves(0, 2)),
        new(TensorType.Q5_0, 32, 22, BlockNumbers.Half(0)),
        new(TensorType.Q5_1, 32, 24, BlockNumbers.Halves(0, 2)),
        new(TensorType.Q8_0, 32, 34, BlockNumbers.Half(0))
        {
            Random = new RandomCodes(RandomCodes.Uniform(256)) { Largest = new LargestCode(2, Kept: 0, Set: 127, Value: 127) },
        },
        new(TensorType.Q8_1, 32, 36, BlockNumbers.Halves(0, 2)),
        new(TensorType.Q2_K, 256, 84, BlockNumbers.Halves(80, 82)) { ForShortRows = TensorType.Q4_0 },
        new(TensorType.Q3_K, 256, 110, BlockNumbers.Half(108)) { ForShortRows = TensorType.Q4_0 },
        new(TensorType.Q4_K, 256, 144, BlockNumbers.Halves(0, 2))
        {
            ForShortRows = TensorType.Q5_0,
            Random = new RandomCodes(RandomCodes.Uniform(16), GroupScale: 16, Middle: 7.5)
            {
                Fixed = [(4, 8, 0x50), (12, 4, 0)], // scale and minimum 16 of all groups; the upper two bits of groups 4…7 stand first
                Largest = new LargestCode(16, Kept: 0xF0, Set: 15, Value: 7.5),
            },
        },
        new(TensorType.Q5_K, 256, 176, BlockNumbers.Halves(0, 2)) { ForShortRows = TensorType.Q5_1 },
        new(TensorType.Q6_K, 256, 210, BlockNumbers.Half(208))
        {
            ForShortRows = TensorType.Q8_0,
            Random = new RandomCodes(RandomCodes.Uniform(64), GroupScale: 16) { Fixed = [(192, 16, 16)] },
        },
        new(TensorType.Q8_K, 256, 292, BlockNumbers.Single),
        new(TensorType.IQ2_XXS, 256, 66, BlockNumbers.Half(0)),
        new(TensorType.IQ2_XS, 256, 74, BlockNumbers.Half(0)),
        new(TensorType.IQ3_XXS, 256, 98, BlockNumbers.Half(0)),
        new(TensorType.IQ1_S, 256, 50, BlockNumbers.Half(0)),
        new(TensorType.IQ4_NL, 32, 18, BlockNumbers.Half(0)),
        new(TensorType.IQ3_S, 256, 110, BlockNumbers.Half(0)),
        new(TensorType.IQ2_S, 256, 82, BlockNumbers.Half(0)),
        new(TensorType.IQ4_XS, 256, 136, BlockNumbers.Half(0)),
        new(TensorType.I8, 1, 1, BlockNumbers.None),
        new(TensorType.I16, 1, 2, BlockNumbers.None),
        new(TensorType.I32, 1, 4, BlockNumbers.None),
        new(TensorType.I64, 1, 8, BlockNumbers.None),
        new(TensorType.F64, 1, 8, BlockNumbers.Double),
        new(TensorType.IQ1_M, 256, 56, BlockNumbers.QuarteredHalf(48)),
        new(TensorType.BF16, 1, 2, BlockNumbers.Brain),
        new(TensorType.TQ1_0, 256, 54, BlockNumbers.Half(52)),
        new(TensorType.TQ2_0, 256, 66, BlockNumbers.Half(64)),
        new(TensorType.MXFP4, 32, 17, BlockNumbers.PowerOfTwo)
        {
            Random = new RandomCodes(68.5 / 8), // codes are 0, ½, 1, 1½, 2, 3, 4, 6 and their negatives
        },
        new(TensorType.NVFP4, 64, 36, BlockNumbers.None), // its scales have no infinity, and what is undefined counts as 0
        new(TensorType.Q1_0, 128, 18, BlockNumbers.Half(0)),
        new(TensorType.Q2_0, 64, 18, BlockNumbers.Half(0)),
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
