using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Transposes rows of 32-bit words.</summary>
internal static unsafe class Transpose
{
    /// <summary>
    /// Word j of row i goes to word i of <paramref name="to"/> + j · <paramref name="stride"/> bytes, for j below
    /// <paramref name="count"/>, a multiple of four.
    /// </summary>
    /// <param name="rows">Sixteen rows.</param>
    /// <param name="to">Aligned to 64 bytes.</param>
    /// <param name="stride">Bytes between words of a row.</param>
    /// <param name="count">Words of a row that are wanted.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store16(Vector512<int>* rows, byte* to, int stride, int count)
    {
        // Per group of four rows: words 4k + q of all four rows, in 128-bit lane k.
        Vector512<long>* quads = stackalloc Vector512<long>[16];
        for (int g = 0; g < 4; g++)
        {
            Vector512<int>* r = rows + (4 * g);
            Vector512<long> low01 = Avx512F.UnpackLow(r[0], r[1]).AsInt64(), low23 = Avx512F.UnpackLow(r[2], r[3]).AsInt64();
            Vector512<long> high01 = Avx512F.UnpackHigh(r[0], r[1]).AsInt64(), high23 = Avx512F.UnpackHigh(r[2], r[3]).AsInt64();
            quads[g] = Avx512F.UnpackLow(low01, low23);
            quads[4 + g] = Avx512F.UnpackHigh(low01, low23);
            quads[8 + g] = Avx512F.UnpackLow(high01, high23);
            quads[12 + g] = Avx512F.UnpackHigh(high01, high23);
        }

        for (int q = 0; q < 4; q++)
        {
            Vector512<long>* v = quads + (4 * q);
            Vector512<long> even01 = Avx512F.Shuffle4x128(v[0], v[1], 0b10_00_10_00),
                even23 = Avx512F.Shuffle4x128(v[2], v[3], 0b10_00_10_00);
            Vector512<long> odd01 = Avx512F.Shuffle4x128(v[0], v[1], 0b11_01_11_01),
                odd23 = Avx512F.Shuffle4x128(v[2], v[3], 0b11_01_11_01);
            byte* word = to + (q * stride);
            Avx512F.Shuffle4x128(even01, even23, 0b10_00_10_00).Store((long*)word);
            if (count > 4)
            {
                Avx512F.Shuffle4x128(odd01, odd23, 0b10_00_10_00).Store((long*)(word + (4 * stride)));
            }

            if (count > 8)
            {
                Avx512F.Shuffle4x128(even01, even23, 0b11_01_11_01).Store((long*)(word + (8 * stride)));
            }

            if (count > 12)
            {
                Avx512F.Shuffle4x128(odd01, odd23, 0b11_01_11_01).Store((long*)(word + (12 * stride)));
            }
        }
    }

    /// <summary>Sixteen rows of eight words with AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(Vector256<int>* rows, byte* to, int stride)
    {
        Store8(rows, to, stride);
        Store8(rows + 8, to + 32, stride);
    }

    /// <summary>Eight rows of eight words with AVX2: word j of row i goes to word i of <paramref name="to"/> + j ·
    /// <paramref name="stride"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(Vector256<int>* r, byte* to, int stride)
    {
        Half8(to, to + (4 * stride), stride, Avx2.UnpackLow(r[0], r[1]), Avx2.UnpackLow(r[2], r[3]), Avx2.UnpackLow(r[4], r[5]),
            Avx2.UnpackLow(r[6], r[7]));
        to += 2 * stride;
        Half8(to, to + (4 * stride), stride, Avx2.UnpackHigh(r[0], r[1]), Avx2.UnpackHigh(r[2], r[3]), Avx2.UnpackHigh(r[4], r[5]),
            Avx2.UnpackHigh(r[6], r[7]));
    }

    /// <summary>Two words of each 128-bit lane of all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half8(byte* lower, byte* upper, int stride, Vector256<int> r01, Vector256<int> r23, Vector256<int> r45,
        Vector256<int> r67)
    {
        Vector256<long> a = Avx2.UnpackLow(r01.AsInt64(), r23.AsInt64()), b = Avx2.UnpackLow(r45.AsInt64(), r67.AsInt64());
        Vector256<long> c = Avx2.UnpackHigh(r01.AsInt64(), r23.AsInt64()), d = Avx2.UnpackHigh(r45.AsInt64(), r67.AsInt64());
        Avx2.Permute2x128(a, b, 0x20).Store((long*)lower);
        Avx2.Permute2x128(c, d, 0x20).Store((long*)(lower + stride));
        Avx2.Permute2x128(a, b, 0x31).Store((long*)upper);
        Avx2.Permute2x128(c, d, 0x31).Store((long*)(upper + stride));
    }
}
