using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels;

/// <summary>The packing of eight six-bit scales and eight six-bit minimums in twelve bytes (Q4_K, Q5_K).</summary>
internal static unsafe class SixBitScales
{
    /// <summary>Scale and minimum of sub-block <paramref name="j"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Get(byte* s, int j, out int scale, out int min)
    {
        if (j < 4)
        {
            scale = s[j] & 63;
            min = s[j + 4] & 63;
        }
        else
        {
            scale = (s[j + 4] & 15) | ((s[j - 4] >> 6) << 4);
            min = (s[j + 4] >> 4) | ((s[j] >> 6) << 4);
        }
    }

    /// <summary>Eight scales and eight minimums, one byte each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Words(byte* s, out ulong scales, out ulong mins)
    {
        uint a = Unsafe.ReadUnaligned<uint>(s);
        uint b = Unsafe.ReadUnaligned<uint>(s + 4);
        uint c = Unsafe.ReadUnaligned<uint>(s + 8);
        uint highScales = (c & 0x0F0F0F0F) | ((a >> 2) & 0x30303030);
        uint highMins = ((c >> 4) & 0x0F0F0F0F) | ((b >> 2) & 0x30303030);
        scales = (a & 0x3F3F3F3F) | ((ulong)highScales << 32);
        mins = (b & 0x3F3F3F3F) | ((ulong)highMins << 32);
    }

    /// <summary>Lanes 0–7: scales, lanes 8–15: minimums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Unpack(byte* s)
    {
        Words(s, out ulong scales, out ulong mins);
        return Avx2.ConvertToVector256Int16(Vector128.CreateScalar(scales).WithElement(1, mins).AsByte());
    }

    /// <summary>Lanes 8–15, each twice: one per sum of 16 activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> DoubleUpper(Vector256<short> all)
    {
        Vector128<short> mins = all.GetUpper();
        return Vector256.Create(Sse2.UnpackLow(mins, mins), Sse2.UnpackHigh(mins, mins));
    }

    /// <summary>Lanes 0–7, each twice: one per sum of 16 products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> DoubleLower(Vector256<short> all)
    {
        Vector128<short> scales = all.GetLower();
        return Vector256.Create(Sse2.UnpackLow(scales, scales), Sse2.UnpackHigh(scales, scales));
    }

    /// <summary>Scale <paramref name="j"/> (a constant) over the lower half, j + 1 over the upper.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> SpreadPair(Vector256<short> all, int j) => Avx512BW.PermuteVar32x16(
        all.ToVector512Unsafe(), Nibbles.Lanes(j, j, j + 1, j + 1));
}
