using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

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
        // Words: low scales, high ones, low minimums, high ones; their upper two bits come from the low words' bytes.
        Vector128<byte> all = Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(s))
            .WithElement(1, (ulong)Unsafe.ReadUnaligned<uint>(s + 8)).AsByte();
        Vector128<uint> low = Sse2.Shuffle(all.AsUInt32(), 0b10_01_10_00);
        low = Avx2.ShiftRightLogicalVariable(low, Vector128.Create(0u, 0, 0, 4))
            & Vector128.Create(0x3F3F3F3Fu, 0x0F0F0F0F, 0x3F3F3F3F, 0x0F0F0F0F);
        Vector128<uint> high = Sse2.Shuffle(Vector128.ShiftRightLogical(all.AsUInt32(), 2)
            & Vector128.Create(0x30303030u, 0x30303030, 0, 0), 0b01_10_00_10);
        return Avx2.ConvertToVector256Int16((low | high).AsByte());
    }

    /// <summary>Scales and minimums of sixteen groups of 16, those of a sub-block twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* s, out Vector256<short> mins)
    {
        if (!Avx2.IsSupported)
        {
            Words(s, out ulong scales, out ulong minimums);
            mins = Doubled(minimums);
            return Doubled(scales);
        }

        Vector256<short> all = Unpack(s);
        mins = DoubleUpper(all);
        return DoubleLower(all);
    }

    /// <summary>Lanes 8–15, each twice: one per sum of 16 activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> DoubleUpper(Vector256<short> all)
    {
        if (Avx512BW.VL.IsSupported)
        {
            return Avx512BW.VL.PermuteVar16x16(all, Vector256.Create(8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15));
        }

        Vector128<short> mins = all.GetUpper();
        return Vector256.Create(Sse2.UnpackLow(mins, mins), Sse2.UnpackHigh(mins, mins));
    }

    /// <summary>Lanes 0–7, each twice: one per sum of 16 products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> DoubleLower(Vector256<short> all)
    {
        if (Avx512BW.VL.IsSupported)
        {
            return Avx512BW.VL.PermuteVar16x16(all, Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7));
        }

        Vector128<short> scales = all.GetLower();
        return Vector256.Create(Sse2.UnpackLow(scales, scales), Sse2.UnpackHigh(scales, scales));
    }

    /// <summary>Eight bytes, each twice, in 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Doubled(ulong bytes) => Widening.ToShorts(Vector128.Shuffle(
        Vector128.CreateScalar(bytes).AsByte(), Vector128.Create((byte)0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)));
}
