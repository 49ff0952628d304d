using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Values of five bits, <c>qh:u32 q:u8[16]</c>: nibbles in split halves (see <see cref="Nibbles"/>), and the fifth bit of element
/// j is bit j.</summary>
internal static unsafe class FiveBits
{
    private const byte Fifth = 16;

    /// <summary>Element <paramref name="j"/> of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Value(byte* source, int j) =>
        ((source[4 + (j & 15)] >> (j >> 4 << 2)) & 15) | (((source[j >> 3] >> (j & 7)) & 1) << 4);

    /// <summary>32 in element order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Split256(byte* source) =>
        Nibbles.Split256(source + 4) | (Signs.Mask256(Unsafe.ReadUnaligned<uint>(source)) & Vector256.Create(Fifth));

    /// <summary>Two times 32 in element order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Split512(byte* first, byte* second) => Nibbles.Split512(first + 4, second + 4)
        | (Signs.Mask512(Unsafe.ReadUnaligned<uint>(first), Unsafe.ReadUnaligned<uint>(second)) & Vector512.Create(Fifth));

    /// <summary>Two times 32, <paramref name="stride"/> bytes apart: the first sixteen of each, and the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* first, int stride, out Vector256<byte> upper)
    {
        Vector256<byte> lower = Nibbles.Halves256(first + 4, stride, out upper);
        uint a = Unsafe.ReadUnaligned<uint>(first), b = Unsafe.ReadUnaligned<uint>(first + stride);
        upper |= Signs.Mask256((a >> 16) | (b & 0xFFFF0000)) & Vector256.Create(Fifth);
        return lower | (Signs.Mask256((a & 0xFFFF) | (b << 16)) & Vector256.Create(Fifth));
    }

    /// <summary>The same of four times 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* first, int stride, out Vector512<byte> upper)
    {
        Vector256<byte> two = Halves256(first, stride, out Vector256<byte> upperTwo),
            more = Halves256(first + (2 * stride), stride, out Vector256<byte> upperMore);
        upper = Vector512.Create(upperTwo, upperMore);
        return Vector512.Create(two, more);
    }
}
