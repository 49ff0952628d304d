using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>16-bit sums of sixteen rows, two lanes each, with AVX2.</summary>
internal unsafe struct RowShorts
{
    public Vector256<short> Low, High;

    /// <summary>Adds products with the four activations at <paramref name="x"/>.</summary>
    /// <param name="low">Four columns of rows 0–7.</param>
    /// <param name="high">The same of rows 8–15.</param>
    /// <param name="x">Four signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<byte> low, Vector256<byte> high, byte* x)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Low += Avx2.MultiplyAddAdjacent(low, a);
        High += Avx2.MultiplyAddAdjacent(high, a);
    }
}

/// <summary>Products of packed columns with one or four tokens, added in 16 bits, with AVX2.</summary>
internal static unsafe class RowQuads
{
    /// <summary>Adds those of a multiple of four quads.</summary>
    /// <param name="w">The first quad.</param>
    /// <param name="quadBytes">Bytes between quads.</param>
    /// <param name="quads">Quads.</param>
    /// <param name="x">The first token's activations.</param>
    /// <param name="stride">Bytes to those of the next.</param>
    /// <param name="sum0">Sums of the first token.</param>
    /// <param name="sum1">Those of the second.</param>
    /// <param name="sum2">Those of the third.</param>
    /// <param name="sum3">Those of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<TTokens>(byte* w, int quadBytes, int quads, byte* x, long stride, ref RowShorts sum0, ref RowShorts sum1,
        ref RowShorts sum2, ref RowShorts sum3)
        where TTokens : IPanelTokens
    {
        for (int q = 0; q < quads; q += 4)
        {
            AddOne<TTokens>(w, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + quadBytes, x + 4, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + (2 * quadBytes), x + 8, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + (3 * quadBytes), x + 12, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            w += 4 * quadBytes;
            x += 16;
        }
    }

    /// <summary>Adds those of a block of 32 columns in 32 bits at once (VNNI).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddWide<TTokens>(
        byte* w, byte* x, long stride, ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        for (int quad = 0; quad < 8; quad++)
        {
            Vector256<byte> low = Vector256.Load(w), high = Vector256.Load(w + 32);
            sum0.AddWide(low, high, x);
            if (TTokens.AreFour)
            {
                sum1.AddWide(low, high, x + stride);
                sum2.AddWide(low, high, x + (2 * stride));
                sum3.AddWide(low, high, x + (3 * stride));
            }

            w += PanelLayout.QuadBytes;
            x += 4;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne<TTokens>(
        byte* w, byte* x, long stride, ref RowShorts sum0, ref RowShorts sum1, ref RowShorts sum2, ref RowShorts sum3)
        where TTokens : IPanelTokens
    {
        Vector256<byte> low = Vector256.Load(w), high = Vector256.Load(w + 32);
        sum0.Add(low, high, x);
        if (TTokens.AreFour)
        {
            sum1.Add(low, high, x + stride);
            sum2.Add(low, high, x + (2 * stride));
            sum3.Add(low, high, x + (3 * stride));
        }
    }
}

/// <summary>32-bit sums of sixteen rows, with AVX2.</summary>
internal unsafe struct RowInts
{
    public Vector256<int> Low, High;

    /// <summary>Adds both lanes of each row, times its factor (twice, 16 bits).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in RowShorts sums, Vector256<short> low, Vector256<short> high)
    {
        Low += Avx2.MultiplyAddAdjacent(sums.Low, low);
        High += Avx2.MultiplyAddAdjacent(sums.High, high);
    }

    /// <summary>Adds products with the four activations at <paramref name="x"/>, times a factor per row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<byte> low, Vector256<byte> high, byte* x, Vector256<short> factorLow, Vector256<short> factorHigh)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Low += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(low, a), factorLow);
        High += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(high, a), factorHigh);
    }

    /// <summary>The same with eight activations and the columns of two quads, whose products fit 16 bits together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(
        Vector256<byte> low0, Vector256<byte> high0, Vector256<byte> low1, Vector256<byte> high1, byte* x, Vector256<short> factorLow,
            Vector256<short> factorHigh)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte(), b = Vector256.Create(*(int*)(x + 4)).AsSByte();
        Low += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(low0, a) + Avx2.MultiplyAddAdjacent(low1, b), factorLow);
        High += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(high0, a) + Avx2.MultiplyAddAdjacent(high1, b), factorHigh);
    }

    /// <summary>Adds products in 32 bits at once (VNNI): bytes of any size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddWide(Vector256<byte> low, Vector256<byte> high, byte* x)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Low = ByteDots.Add(Low, low, a);
        High = ByteDots.Add(High, high, a);
    }
}

/// <summary>Whether an AVX2 kernel adds byte products in 32 bits by one instruction.</summary>
internal interface IByteProducts
{
    /// <summary>Whether it does.</summary>
    static abstract bool AreWide { get; }
}

/// <summary>Plain AVX2: products are added in 16 bits.</summary>
internal struct ShortProducts : IByteProducts
{
    public static bool AreWide => false;
}

/// <summary>AVX-VNNI.</summary>
internal struct WideProducts : IByteProducts
{
    public static bool AreWide => true;
}
