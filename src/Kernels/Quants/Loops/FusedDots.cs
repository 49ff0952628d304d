using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Products of bytes that become floats in registers: the sums of <see cref="IFloatDots"/>.</summary>
internal unsafe interface IFusedDots
{
    /// <summary>Adds the products of up to 256 columns of a row with one token or two.</summary>
    /// <param name="v">Values of the columns.</param>
    /// <param name="factors">Their factors.</param>
    /// <param name="columns">1 to 256; the rest of the last 64 is zero.</param>
    /// <param name="x">The first token's floats.</param>
    /// <param name="stride">Bytes to the second token's.</param>
    /// <param name="sums">Sixteen for each token.</param>
    static abstract void Add<T, TRows>(sbyte* v, float* factors, int columns, float* x, long stride, float* sums)
        where T : IByteColumns
        where TRows : IActivationRows;
}

/// <summary>With AVX-512.</summary>
internal unsafe struct FusedDots512 : IFusedDots
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<T, TRows>(sbyte* v, float* factors, int columns, float* x, long stride, float* sums)
        where T : IByteColumns
        where TRows : IActivationRows
    {
        Vector512<float> first = Vector512.Load(sums), second = TRows.AreTwo ? Vector512.Load(sums + 16) : default;
        for (float* end = x + columns; x < end; x += 64)
        {
            Vector512<float> w0 = ByteColumns.Sixteen<T>(v, factors, 0), w1 = ByteColumns.Sixteen<T>(v + 16, factors, 1);
            Vector512<float> w2 = ByteColumns.Sixteen<T>(v + 32, factors, 2), w3 = ByteColumns.Sixteen<T>(v + 48, factors, 3);
            first += FloatDots512.Step(w0, w1, w2, w3, x);
            second = TRows.AreTwo ? second + FloatDots512.Step(w0, w1, w2, w3, (float*)((byte*)x + stride)) : default;
            v += 64;
            factors += 4 >> T.FactorShift;
        }

        first.Store(sums);
        if (TRows.AreTwo)
        {
            second.Store(sums + 16);
        }
    }
}

/// <summary>With AVX2 or AdvSimd. Sums are variables of their own: as parts of a structure they would live in memory.</summary>
internal unsafe struct FusedDots256 : IFusedDots
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<T, TRows>(sbyte* v, float* factors, int columns, float* x, long stride, float* sums)
        where T : IByteColumns
        where TRows : IActivationRows
    {
        Vector256<float> low = Vector256.Load(sums), high = Vector256.Load(sums + 8);
        Vector256<float> secondLow = TRows.AreTwo ? Vector256.Load(sums + 16) : default;
        Vector256<float> secondHigh = TRows.AreTwo ? Vector256.Load(sums + 24) : default;
        for (float* end = x + columns; x < end; x += 64)
        {
            Step<T, TRows>(v, factors, x, stride, ref low, ref secondLow);
            Step<T, TRows>(v + 8, factors, x + 8, stride, ref high, ref secondHigh);
            v += 64;
            factors += 4 >> T.FactorShift;
        }

        low.Store(sums);
        high.Store(sums + 8);
        if (TRows.AreTwo)
        {
            secondLow.Store(sums + 16);
            secondHigh.Store(sums + 24);
        }
    }

    /// <summary>Adds what eight sums get of 64 columns, whose weights both tokens share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T, TRows>(
        sbyte* v, float* factors, float* x, long stride, ref Vector256<float> sum, ref Vector256<float> second)
        where T : IByteColumns
        where TRows : IActivationRows
    {
        Vector256<float> w0 = ByteColumns.Eight<T>(v, factors, 0), w1 = ByteColumns.Eight<T>(v + 16, factors, 1);
        Vector256<float> w2 = ByteColumns.Eight<T>(v + 32, factors, 2), w3 = ByteColumns.Eight<T>(v + 48, factors, 3);
        sum += FloatDots256.Step(w0, w1, w2, w3, x);
        second = TRows.AreTwo ? second + FloatDots256.Step(w0, w1, w2, w3, (float*)((byte*)x + stride)) : default;
    }
}
