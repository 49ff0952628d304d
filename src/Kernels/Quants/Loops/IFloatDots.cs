using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Products of decoded columns, 64 at a step: each output has sixteen running sums; of a step, sum l gets (w₀x₀ ⊕ w₂x₂) + (w₁x₁ ⊕ w₃x₃) of
/// columns l + 16·i, ⊕ fused.
/// </summary>
internal unsafe interface IFloatDots
{
    /// <summary>Adds the products of a row and a token.</summary>
    /// <param name="w">Decoded columns.</param>
    /// <param name="x">The token's floats.</param>
    /// <param name="columns">A multiple of 64.</param>
    /// <param name="sums">Sixteen.</param>
    static abstract void One(float* w, float* x, int columns, float* sums);

    /// <summary>The same for four tokens whose rows are <paramref name="stride"/> bytes apart; sixteen sums each.</summary>
    static abstract void Four(float* w, float* x, long stride, int columns, float* sums);
}

/// <summary>Without vectors.</summary>
internal unsafe struct FloatDotsScalar<TFloat> : IFloatDots
    where TFloat : struct, IFloatLoader
{
    public static void One(float* w, float* x, int columns, float* sums)
    {
        for (int i = 0; i < columns; i += 64)
        {
            WeightPointer step = new() { Block = (byte*)(w + i) };
            *(FloatLanes16*)sums = FloatOperatorScalar<TFloat>.Dot(step, (byte*)(x + i), null, *(FloatLanes16*)sums);
        }
    }

    public static void Four(float* w, float* x, long stride, int columns, float* sums)
    {
        for (int t = 0; t < 4; t++)
        {
            One(w, (float*)((byte*)x + (t * stride)), columns, sums + (16 * t));
        }
    }
}

/// <summary>With AVX2 or AdvSimd.</summary>
internal unsafe struct FloatDots256 : IFloatDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* w, float* x, int columns, float* sums)
    {
        Vector256<float> low = Vector256.Load(sums), high = Vector256.Load(sums + 8);
        for (float* last = w + columns; w < last; w += 64, x += 64)
        {
            Vector256<float> a = Vector256.Load(w) * Vector256.Load(x), b = Vector256.Load(w + 16) * Vector256.Load(x + 16);
            Vector256<float> c = Vector256.Load(w + 8) * Vector256.Load(x + 8), d = Vector256.Load(w + 24) * Vector256.Load(x + 24);
            a = Vector256.FusedMultiplyAdd(Vector256.Load(w + 32), Vector256.Load(x + 32), a);
            b = Vector256.FusedMultiplyAdd(Vector256.Load(w + 48), Vector256.Load(x + 48), b);
            c = Vector256.FusedMultiplyAdd(Vector256.Load(w + 40), Vector256.Load(x + 40), c);
            d = Vector256.FusedMultiplyAdd(Vector256.Load(w + 56), Vector256.Load(x + 56), d);
            low += a + b;
            high += c + d;
        }

        low.Store(sums);
        high.Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* w, float* x, long stride, int columns, float* sums)
    {
        Half(w, x, stride, columns, sums);
        Half(w + 8, x + 8, stride, columns, sums + 8);
    }

    /// <summary>What eight sums get of 64 columns: weights and activations of columns 0–7, 16–23, 32–39 and 48–55.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Step(Vector256<float> w0, Vector256<float> w1, Vector256<float> w2, Vector256<float> w3, float* x) =>
        Vector256.FusedMultiplyAdd(w2, Vector256.Load(x + 32), w0 * Vector256.Load(x))
        + Vector256.FusedMultiplyAdd(w3, Vector256.Load(x + 48), w1 * Vector256.Load(x + 16));

    /// <summary>Eight of the sixteen sums: weights are loaded once for four tokens, and all fits the registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half(float* w, float* x, long stride, int columns, float* sums)
    {
        Vector256<float> sum0 = Vector256.Load(sums), sum1 = Vector256.Load(sums + 16);
        Vector256<float> sum2 = Vector256.Load(sums + 32), sum3 = Vector256.Load(sums + 48);
        float* y = (float*)((byte*)x + stride), z = (float*)((byte*)y + stride), u = (float*)((byte*)z + stride);
        for (int i = 0; i < columns; i += 64)
        {
            Vector256<float> v = Vector256.Load(w + i);
            Vector256<float> a0 = v * Vector256.Load(x + i), a1 = v * Vector256.Load(y + i);
            Vector256<float> a2 = v * Vector256.Load(z + i), a3 = v * Vector256.Load(u + i);
            v = Vector256.Load(w + i + 32);
            a0 = Vector256.FusedMultiplyAdd(v, Vector256.Load(x + i + 32), a0);
            a1 = Vector256.FusedMultiplyAdd(v, Vector256.Load(y + i + 32), a1);
            a2 = Vector256.FusedMultiplyAdd(v, Vector256.Load(z + i + 32), a2);
            a3 = Vector256.FusedMultiplyAdd(v, Vector256.Load(u + i + 32), a3);
            v = Vector256.Load(w + i + 16);
            Vector256<float> b0 = v * Vector256.Load(x + i + 16), b1 = v * Vector256.Load(y + i + 16);
            Vector256<float> b2 = v * Vector256.Load(z + i + 16), b3 = v * Vector256.Load(u + i + 16);
            v = Vector256.Load(w + i + 48);
            sum0 += a0 + Vector256.FusedMultiplyAdd(v, Vector256.Load(x + i + 48), b0);
            sum1 += a1 + Vector256.FusedMultiplyAdd(v, Vector256.Load(y + i + 48), b1);
            sum2 += a2 + Vector256.FusedMultiplyAdd(v, Vector256.Load(z + i + 48), b2);
            sum3 += a3 + Vector256.FusedMultiplyAdd(v, Vector256.Load(u + i + 48), b3);
        }

        sum0.Store(sums);
        sum1.Store(sums + 16);
        sum2.Store(sums + 32);
        sum3.Store(sums + 48);
    }
}

/// <summary>With AVX-512.</summary>
internal unsafe struct FloatDots512 : IFloatDots
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* w, float* x, int columns, float* sums)
    {
        Vector512<float> sum = Vector512.Load(sums);
        for (float* last = w + columns; w < last; w += 64, x += 64)
        {
            Vector512<float> a = Vector512.Load(w) * Vector512.Load(x), b = Vector512.Load(w + 16) * Vector512.Load(x + 16);
            a = Vector512.FusedMultiplyAdd(Vector512.Load(w + 32), Vector512.Load(x + 32), a);
            sum += a + Vector512.FusedMultiplyAdd(Vector512.Load(w + 48), Vector512.Load(x + 48), b);
        }

        sum.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* w, float* x, long stride, int columns, float* sums)
    {
        Vector512<float> sum0 = Vector512.Load(sums), sum1 = Vector512.Load(sums + 16);
        Vector512<float> sum2 = Vector512.Load(sums + 32), sum3 = Vector512.Load(sums + 48);
        float* y = (float*)((byte*)x + stride), z = (float*)((byte*)y + stride), u = (float*)((byte*)z + stride);
        for (int i = 0; i < columns; i += 64)
        {
            Vector512<float> w0 = Vector512.Load(w + i), w1 = Vector512.Load(w + i + 16);
            Vector512<float> w2 = Vector512.Load(w + i + 32), w3 = Vector512.Load(w + i + 48);
            sum0 += Step(w0, w1, w2, w3, x + i);
            sum1 += Step(w0, w1, w2, w3, y + i);
            sum2 += Step(w0, w1, w2, w3, z + i);
            sum3 += Step(w0, w1, w2, w3, u + i);
        }

        sum0.Store(sums);
        sum1.Store(sums + 16);
        sum2.Store(sums + 32);
        sum3.Store(sums + 48);
    }

    /// <summary>What sixteen sums get of 64 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Step(Vector512<float> w0, Vector512<float> w1, Vector512<float> w2, Vector512<float> w3, float* x) =>
        Vector512.FusedMultiplyAdd(w2, Vector512.Load(x + 32), w0 * Vector512.Load(x))
        + Vector512.FusedMultiplyAdd(w3, Vector512.Load(x + 48), w1 * Vector512.Load(x + 16));
}
