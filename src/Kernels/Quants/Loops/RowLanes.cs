using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>16-bit sums of sixteen rows, two lanes each, with AVX2.</summary>
internal unsafe struct RowShorts
{
    public Vector256<short> Low, High;

    /// <summary>Products with the four activations at <paramref name="x"/>, added to nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(Vector256<byte> low, Vector256<byte> high, byte* x)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Low = Avx2.MultiplyAddAdjacent(low, a);
        High = Avx2.MultiplyAddAdjacent(high, a);
    }

    /// <summary>Adds products with the four activations at <paramref name="x"/>.</summary>
    /// <param name="low">Four columns of rows 0–7.</param>
    /// <param name="high">The same of rows 8–15.</param>
    /// <param name="x">Four signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<byte> low, Vector256<byte> high, byte* x)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Vector256<short> first = Avx2.MultiplyAddAdjacent(low, a);
        Vector256<short> second = Avx2.MultiplyAddAdjacent(high, a);
        Low += first;
        High += second;
    }
}

/// <summary>Products of packed columns with one or four tokens, added in 16 bits, with AVX2.</summary>
internal static unsafe class RowQuads
{
    /// <summary>Those of four or eight quads.</summary>
    /// <param name="w">The first quad.</param>
    /// <param name="quads">Quads.</param>
    /// <param name="x">The first token's activations.</param>
    /// <param name="stride">Bytes to those of the next.</param>
    /// <param name="sum0">Sums of the first token.</param>
    /// <param name="sum1">Those of the second.</param>
    /// <param name="sum2">Those of the third.</param>
    /// <param name="sum3">Those of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sum<TTokens>(byte* w, int quads, byte* x, long stride, out RowShorts sum0, out RowShorts sum1, out RowShorts sum2,
        out RowShorts sum3)
        where TTokens : IPanelTokens
    {
        sum0 = sum1 = sum2 = sum3 = default;
        Vector256<byte> low = Vector256.Load(w), high = Vector256.Load(w + 32);
        sum0.Set(low, high, x);
        if (TTokens.AreFour)
        {
            sum1.Set(low, high, x + stride);
            sum2.Set(low, high, x + (2 * stride));
            sum3.Set(low, high, x + (3 * stride));
        }

        AddThree<TTokens>(w, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        if (quads == 8)
        {
            w += 4 * PanelLayout.QuadBytes;
            x += 16;
            AddOne<TTokens>(w, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            AddThree<TTokens>(w, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        }
    }

    /// <summary>Adds those of the second to the fourth quad.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddThree<TTokens>(
        byte* w, byte* x, long stride, ref RowShorts sum0, ref RowShorts sum1, ref RowShorts sum2, ref RowShorts sum3)
        where TTokens : IPanelTokens
    {
        AddOne<TTokens>(w + PanelLayout.QuadBytes, x + 4, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        AddOne<TTokens>(w + (2 * PanelLayout.QuadBytes), x + 8, stride, ref sum0, ref sum1, ref sum2, ref sum3);
        AddOne<TTokens>(w + (3 * PanelLayout.QuadBytes), x + 12, stride, ref sum0, ref sum1, ref sum2, ref sum3);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowInts Load(int* rows) => new() { Low = Vector256.Load(rows), High = Vector256.Load(rows + 8) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(int* rows)
    {
        Low.Store(rows);
        High.Store(rows + 8);
    }

    /// <summary>Adds both lanes of each row, times its factor (twice, 16 bits).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in RowShorts sums, Vector256<short> low, Vector256<short> high) => Add(sums.Low, sums.High, low, high);

    /// <summary>The same of loose sums; two chains in step, as one after the other is slower (docs/kernels.md).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<short> first, Vector256<short> second, Vector256<short> low, Vector256<short> high)
    {
        Vector256<int> scaled = Avx2.MultiplyAddAdjacent(first, low);
        Vector256<int> other = Avx2.MultiplyAddAdjacent(second, high);
        Low += scaled;
        High += other;
    }

    /// <summary>Adds products of a quad of words at <paramref name="w"/> with the two words at <paramref name="a"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddAt(byte* w, byte* a)
    {
        Vector256<short> both = Vector256.Create(*(int*)a).AsInt16();
        Low += Avx2.MultiplyAddAdjacent(both, Vector256.Load((short*)w));
        High += Avx2.MultiplyAddAdjacent(both, Vector256.Load((short*)(w + 32)));
    }

    /// <summary>Adds products with the four activations at <paramref name="x"/>, times a factor per row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<byte> low, Vector256<byte> high, byte* x, Vector256<short> factorLow, Vector256<short> factorHigh)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Vector256<short> first = Avx2.MultiplyAddAdjacent(low, a);
        Vector256<short> second = Avx2.MultiplyAddAdjacent(high, a);
        Add(first, second, factorLow, factorHigh);
    }

    /// <summary>The same with eight activations and the columns of two quads, whose products fit 16 bits together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(
        Vector256<byte> low0, Vector256<byte> high0, Vector256<byte> low1, Vector256<byte> high1, byte* x, Vector256<short> factorLow,
            Vector256<short> factorHigh)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte(), b = Vector256.Create(*(int*)(x + 4)).AsSByte();
        Vector256<short> first = Avx2.MultiplyAddAdjacent(low0, a);
        Vector256<short> second = Avx2.MultiplyAddAdjacent(high0, a);
        Vector256<short> third = Avx2.MultiplyAddAdjacent(low1, b);
        Vector256<short> fourth = Avx2.MultiplyAddAdjacent(high1, b);
        first += third;
        second += fourth;
        Add(first, second, factorLow, factorHigh);
    }

    /// <summary>The floats at <paramref name="lane"/> plus these sums times their row's scale times that of the activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly RowFloats AddedTo(float* lane, float* scales, Vector256<float> a)
    {
        RowFloats sums;
        sums.Low = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(Low), a * Vector256.Load(scales), Vector256.Load(lane));
        sums.High = Vector256.FusedMultiplyAdd(
            Vector256.ConvertToSingle(High), a * Vector256.Load(scales + 8), Vector256.Load(lane + 8));
        return sums;
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

/// <summary>Float sums of sixteen rows, with AVX2.</summary>
internal unsafe struct RowFloats
{
    public Vector256<float> Low, High;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* lane)
    {
        Low.Store(lane);
        High.Store(lane + 8);
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
