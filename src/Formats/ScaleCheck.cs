using System.Numerics;
using System.Runtime.InteropServices;

namespace LayerStream.Formats;

/// <summary>
/// Looks for numbers that no sound model holds: infinite or undefined elements of plain types, and infinite or undefined scales of
/// blocks (<see cref="BlockNumbers"/>).
/// </summary>
public static class ScaleCheck
{
    /// <summary>Counts blocks (elements of plain types) with a number that is not finite; 0 for types without such numbers.</summary>
    /// <param name="type">Type of the tensor.</param>
    /// <param name="blocks">Whole blocks.</param>
    public static long CountNonFinite(TensorType type, ReadOnlySpan<byte> blocks)
    {
        TensorTypeInfo info = TensorTypes.Get(type);
        return info.Numbers.Bytes switch
        {
            1 => Count<byte>(blocks, info),
            2 => Count<ushort>(blocks, info),
            4 => Count<uint>(blocks, info),
            8 => Count<ulong>(blocks, info),
            _ => 0,
        };
    }

    private static long Count<T>(ReadOnlySpan<byte> blocks, TensorTypeInfo info)
        where T : unmanaged, IBinaryInteger<T>
    {
        BlockNumbers numbers = info.Numbers;
        T exponent = T.CreateTruncating(numbers.Exponent);
        long count = 0;
        if (info.BlockSize == 1) // as fast as disks read
        {
            foreach (T element in MemoryMarshal.Cast<byte, T>(blocks))
            {
                count += (element & exponent) == exponent ? 1 : 0;
            }

            return count;
        }

        for (int at = 0; at + info.BlockBytes <= blocks.Length; at += info.BlockBytes)
        {
            T first = MemoryMarshal.Read<T>(blocks[(at + numbers.First)..]);
            T second = MemoryMarshal.Read<T>(blocks[(at + numbers.Second)..]);
            count += (first & exponent) == exponent || (second & exponent) == exponent ? 1 : 0;
        }

        return count;
    }
}
