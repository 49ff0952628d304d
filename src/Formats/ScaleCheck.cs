using System.Runtime.InteropServices;

namespace LayerStream.Formats;

/// <summary>
/// Looks for numbers that no sound model holds: infinite or undefined elements of plain types, and infinite or undefined scales of
/// blocks. All other bits of a block are valid by construction (GGUF block layouts).
/// </summary>
public static class ScaleCheck
{
    private const ushort HalfExponent = 0x7C00;
    private const ushort BrainExponent = 0x7F80;
    private const uint SingleExponent = 0x7F800000;
    private const ulong DoubleExponent = 0x7FF0000000000000;

    /// <summary>Byte offsets of the half-precision scales in a block, and the types that have them there.</summary>
    private static readonly (int[] Offsets, TensorType[] Types)[] s_rows =
    [
        ([0], [TensorType.Q4_0, TensorType.Q5_0, TensorType.Q8_0, TensorType.Q1_0, TensorType.Q2_0, TensorType.IQ4_NL, TensorType.IQ4_XS]),
        ([0], [TensorType.IQ2_XXS, TensorType.IQ2_XS, TensorType.IQ2_S, TensorType.IQ3_XXS, TensorType.IQ3_S, TensorType.IQ1_S]),
        ([0, 2], [TensorType.Q4_1, TensorType.Q5_1, TensorType.Q4_K, TensorType.Q5_K]),
        ([52], [TensorType.TQ1_0]),
        ([64], [TensorType.TQ2_0]),
        ([80, 82], [TensorType.Q2_K]),
        ([108], [TensorType.Q3_K]),
        ([208], [TensorType.Q6_K]),
    ];

    private static readonly Dictionary<TensorType, int[]> s_halves = s_rows.SelectMany(r => r.Types.Select(t => (t, r.Offsets)))
        .ToDictionary();

    /// <summary>Counts blocks (elements of plain types) with a number that is not finite; 0 for types without such numbers.</summary>
    /// <param name="type">Type of the tensor.</param>
    /// <param name="blocks">Whole blocks.</param>
    public static long CountNonFinite(TensorType type, ReadOnlySpan<byte> blocks) => type switch
    {
        TensorType.F32 => Count(MemoryMarshal.Cast<byte, uint>(blocks)),
        TensorType.F64 => Count(MemoryMarshal.Cast<byte, ulong>(blocks)),
        TensorType.F16 => Count(MemoryMarshal.Cast<byte, ushort>(blocks), HalfExponent),
        TensorType.BF16 => Count(MemoryMarshal.Cast<byte, ushort>(blocks), BrainExponent),
        TensorType.MXFP4 => CountBytes(blocks, TensorTypes.Get(type).BlockBytes, 255),
        _ => s_halves.TryGetValue(type, out int[]? offsets) ? CountHalves(blocks, TensorTypes.Get(type).BlockBytes, offsets) : 0,
    };

    private static long Count(ReadOnlySpan<uint> numbers)
    {
        long count = 0;
        foreach (uint bits in numbers)
        {
            count += (bits & SingleExponent) == SingleExponent ? 1 : 0;
        }

        return count;
    }

    private static long Count(ReadOnlySpan<ulong> numbers)
    {
        long count = 0;
        foreach (ulong bits in numbers)
        {
            count += (bits & DoubleExponent) == DoubleExponent ? 1 : 0;
        }

        return count;
    }

    private static long Count(ReadOnlySpan<ushort> numbers, ushort exponent)
    {
        long count = 0;
        foreach (ushort bits in numbers)
        {
            count += (bits & exponent) == exponent ? 1 : 0;
        }

        return count;
    }

    /// <summary>Blocks whose first byte, a power of two, has the value that stands for no number.</summary>
    private static long CountBytes(ReadOnlySpan<byte> blocks, int blockBytes, byte value)
    {
        long count = 0;
        for (int at = 0; at + blockBytes <= blocks.Length; at += blockBytes)
        {
            count += blocks[at] == value ? 1 : 0;
        }

        return count;
    }

    private static long CountHalves(ReadOnlySpan<byte> blocks, int blockBytes, int[] offsets)
    {
        long count = 0;
        for (int at = 0; at + blockBytes <= blocks.Length; at += blockBytes)
        {
            bool isFinite = true;
            foreach (int offset in offsets)
            {
                ushort bits = MemoryMarshal.Read<ushort>(blocks[(at + offset)..]);
                isFinite &= (bits & HalfExponent) != HalfExponent;
            }

            count += isFinite ? 0 : 1;
        }

        return count;
    }
}
