using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Products of columns that become floats in registers: the sums of <see cref="IFloatDots"/>.</summary>
internal unsafe interface IFusedDots
{
    /// <summary>Adds the products of up to 256 columns of a row with one token or two.</summary>
    /// <param name="at">What <see cref="IByteColumns.Begin"/> gave.</param>
    /// <param name="factors">What it wrote.</param>
    /// <param name="columns">1 to 256; the rest of the last 64 is zero.</param>
    /// <param name="x">The first token's floats.</param>
    /// <param name="stride">Bytes to the second token's.</param>
    /// <param name="sums">Sixteen for each token.</param>
    static abstract void Add<T, TRows>(byte* at, float* factors, int columns, float* x, long stride, float* sums)
        where T : IByteColumns
        where TRows : IActivationRows;
}

/// <summary>With AVX-512.</summary>
internal unsafe struct FusedDots512 : IFusedDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<T, TRows>(byte* at, float* factors, int columns, float* x, long stride, float* sums)
        where T : IByteColumns
        where TRows : IActivationRows
    {
        float* y = (float*)((byte*)x + stride);
        Vector512<float> first = Vector512.Load(sums), second = TRows.AreTwo ? Vector512.Load(sums + 16) : default;
        FloatWeights512 w = Weights<T>(T.Values(at, 0), T.Values(at, 1), factors, 0);
        first += Dot(w, x);
        second = TRows.AreTwo ? second + Dot(w, y) : default;
        if (columns > 64)
        {
            w = Weights<T>(T.Values(at, 2), T.Values(at, 3), factors, 4);
            first += Dot(w, x + 64);
            second = TRows.AreTwo ? second + Dot(w, y + 64) : default;
        }

        if (columns > 128)
        {
            w = Weights<T>(T.Values(at, 4), T.Values(at, 5), factors, 8);
            first += Dot(w, x + 128);
            second = TRows.AreTwo ? second + Dot(w, y + 128) : default;
        }

        if (columns > 192)
        {
            w = Weights<T>(T.Values(at, 6), T.Values(at, 7), factors, 12);
            first += Dot(w, x + 192);
            second = TRows.AreTwo ? second + Dot(w, y + 192) : default;
        }

        first.Store(sums);
        if (TRows.AreTwo)
        {
            second.Store(sums + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FloatWeights512 Weights<T>(Vector256<sbyte> low, Vector256<sbyte> high, float* factors, int group)
        where T : IByteColumns
    {
        FloatWeights512 w;
        w.W0 = ByteColumns.Sixteen<T>(low.GetLower(), factors, group);
        w.W1 = ByteColumns.Sixteen<T>(low.GetUpper(), factors, group + 1);
        w.W2 = ByteColumns.Sixteen<T>(high.GetLower(), factors, group + 2);
        w.W3 = ByteColumns.Sixteen<T>(high.GetUpper(), factors, group + 3);
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Dot(in FloatWeights512 w, float* x) => FloatDots512.Step(w.W0, w.W1, w.W2, w.W3, x);
}

/// <summary>With AVX2 or AdvSimd. Sums are variables of their own: as parts of a structure they would live in memory.</summary>
internal unsafe struct FusedDots256 : IFusedDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<T, TRows>(byte* at, float* factors, int columns, float* x, long stride, float* sums)
        where T : IByteColumns
        where TRows : IActivationRows
    {
        Vector256<float> low = Vector256.Load(sums), high = Vector256.Load(sums + 8);
        Vector256<float> secondLow = TRows.AreTwo ? Vector256.Load(sums + 16) : default;
        Vector256<float> secondHigh = TRows.AreTwo ? Vector256.Load(sums + 24) : default;
        Step<T, TRows>(T.Values(at, 0), T.Values(at, 1), factors, 0, x, stride, ref low, ref high, ref secondLow, ref secondHigh);
        if (columns > 64)
        {
            Step<T, TRows>(T.Values(at, 2), T.Values(at, 3), factors, 4, x + 64, stride, ref low, ref high, ref secondLow, ref secondHigh);
        }

        if (columns > 128)
        {
            Step<T, TRows>(T.Values(at, 4), T.Values(at, 5), factors, 8, x + 128, stride, ref low, ref high, ref secondLow, ref secondHigh);
        }

        if (columns > 192)
        {
            Step<T, TRows>(
                T.Values(at, 6), T.Values(at, 7), factors, 12, x + 192, stride, ref low, ref high, ref secondLow, ref secondHigh);
        }

        low.Store(sums);
        high.Store(sums + 8);
        if (TRows.AreTwo)
        {
            secondLow.Store(sums + 16);
            secondHigh.Store(sums + 24);
        }
    }

    /// <summary>Adds the products of 64 columns, whose weights both tokens share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T, TRows>(Vector256<sbyte> a, Vector256<sbyte> b, float* factors, int group, float* x, long stride,
        ref Vector256<float> low, ref Vector256<float> high, ref Vector256<float> secondLow, ref Vector256<float> secondHigh)
        where T : IByteColumns
        where TRows : IActivationRows
    {
        float* y = (float*)((byte*)x + stride);
        Vector128<sbyte> v0 = a.GetLower(), v1 = a.GetUpper(), v2 = b.GetLower(), v3 = b.GetUpper();
        Vector256<float> w0 = ByteColumns.LowEight<T>(v0, factors, group), w1 = ByteColumns.LowEight<T>(v1, factors, group + 1);
        Vector256<float> w2 = ByteColumns.LowEight<T>(v2, factors, group + 2), w3 = ByteColumns.LowEight<T>(v3, factors, group + 3);
        low += FloatDots256.Step(w0, w1, w2, w3, x);
        secondLow = TRows.AreTwo ? secondLow + FloatDots256.Step(w0, w1, w2, w3, y) : default;
        (w0, w1) = (ByteColumns.HighEight<T>(v0, factors, group), ByteColumns.HighEight<T>(v1, factors, group + 1));
        (w2, w3) = (ByteColumns.HighEight<T>(v2, factors, group + 2), ByteColumns.HighEight<T>(v3, factors, group + 3));
        high += FloatDots256.Step(w0, w1, w2, w3, x + 8);
        secondHigh = TRows.AreTwo ? secondHigh + FloatDots256.Step(w0, w1, w2, w3, y + 8) : default;
    }
}
