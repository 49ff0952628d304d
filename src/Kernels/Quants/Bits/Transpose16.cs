using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Transposes sixteen rows of sixteen 32-bit words.</summary>
internal static unsafe class Transpose16
{
    /// <summary>
    /// Word j of row i goes to word i of <paramref name="to"/> + j · <paramref name="stride"/> bytes, for j below
    /// <paramref name="count"/>, a multiple of four.
    /// </summary>
    /// <param name="rows">Sixteen rows.</param>
    /// <param name="to">Aligned to 64 bytes.</param>
    /// <param name="stride">Bytes between words of a row.</param>
    /// <param name="count">Words of a row that are wanted.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(Vector512<int>* rows, byte* to, int stride, int count)
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
            Vector512<long> even01 = Avx512F.Shuffle4x128(v[0], v[1], 0b10_00_10_00), even23 = Avx512F.Shuffle4x128(v[2], v[3], 0b10_00_10_00);
            Vector512<long> odd01 = Avx512F.Shuffle4x128(v[0], v[1], 0b11_01_11_01), odd23 = Avx512F.Shuffle4x128(v[2], v[3], 0b11_01_11_01);
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
}
