using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Panels of words, with AVX2: where products of bytes do not fit 16 bits, those of words take half as many instructions as two
/// planes.</summary>
internal static unsafe class RowWords
{
    /// <summary>Bytes of 32 packed columns.</summary>
    public const int Bytes = 16 * PanelLayout.QuadBytes;

    /// <summary>Words of the activations of four tokens with 32 columns.</summary>
    public const int Activations = 4 * Columns;

    private const int Columns = 32;

    /// <summary>Widens 32 columns of the activations of one token, or four.</summary>
    /// <param name="x">The first token's bytes.</param>
    /// <param name="stride">Bytes to those of the next.</param>
    /// <param name="to">The first token's words; those of the next follow.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen<TTokens>(byte* x, long stride, short* to)
        where TTokens : IPanelTokens
    {
        Widen(x, to);
        if (TTokens.AreFour)
        {
            Widen(x + stride, to + Columns);
            Widen(x + (2 * stride), to + (2 * Columns));
            Widen(x + (3 * stride), to + (3 * Columns));
        }
    }

    /// <summary>Adds the products of 32 columns with one token, or four.</summary>
    /// <param name="w">Packed columns.</param>
    /// <param name="a">The first token's words.</param>
    /// <param name="sum0">Sums of the first token.</param>
    /// <param name="sum1">Those of the second.</param>
    /// <param name="sum2">Those of the third.</param>
    /// <param name="sum3">Those of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<TTokens>(byte* w, short* a, ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        for (int quad = 0; quad < 16; quad += 4)
        {
            AddOne<TTokens>(w, a, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + PanelLayout.QuadBytes, a + 2, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + (2 * PanelLayout.QuadBytes), a + 4, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + (3 * PanelLayout.QuadBytes), a + 6, ref sum0, ref sum1, ref sum2, ref sum3);
            w += 4 * PanelLayout.QuadBytes;
            a += 8;
        }
    }

    /// <summary>Transposes 32 columns of sixteen rows and widens them, times factors if there are any: first the columns with even
    /// numbers, of which a quad has two, then those with odd numbers.</summary>
    /// <param name="rows">Signed bytes of each row.</param>
    /// <param name="factors">A quad of words for columns 0–15, the factor of each row twice, then one for columns 16–31; or
    /// null.</param>
    /// <param name="panel">Aligned to 64 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(Vector256<byte>* rows, byte* factors, byte* panel)
    {
        byte* odd = panel + (Bytes / 2);
        Transpose.Store16((Vector256<int>*)rows, odd, PanelLayout.QuadBytes);
        for (int i = 0; i < Bytes / 2; i += 32)
        {
            Vector256<short> four = Vector256.Load((short*)(odd + i));
            Vector256<short> first = Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(four, 8), 8),
                second = Vector256.ShiftRightArithmetic(four, 8);
            if (factors != null)
            {
                Vector256<short> factor = Vector256.Load((short*)(factors + (i / (Bytes / 4) * PanelLayout.QuadBytes) + (i & 32)));
                first *= factor;
                second *= factor;
            }

            first.Store((short*)(panel + i));
            second.Store((short*)(odd + i));
        }
    }

    /// <summary>Widens 32 columns in the order of <see cref="Pack"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(byte* x, short* to)
    {
        Vector256<short> two = Vector256.Load((short*)x);
        Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(two, 8), 8).Store(to);
        Vector256.ShiftRightArithmetic(two, 8).Store(to + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne<TTokens>(byte* w, short* a, ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        Vector256<short> low = Vector256.Load((short*)w), high = Vector256.Load((short*)(w + 32));
        sum0.Add(low, high, a);
        if (TTokens.AreFour)
        {
            sum1.Add(low, high, a + Columns);
            sum2.Add(low, high, a + (2 * Columns));
            sum3.Add(low, high, a + (3 * Columns));
        }
    }
}
