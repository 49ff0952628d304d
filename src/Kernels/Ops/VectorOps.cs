using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Elementwise work on n F32 values at native addresses, on the calling thread. No alignment is needed. Destinations may be the
/// same address as a source, but not overlap it otherwise. An element's bits do not depend on where a caller splits the range.
/// </summary>
public static unsafe class VectorOps
{
    /// <summary>Copies n floats.</summary>
    public static void Copy(nint source, nint destination, int n) =>
        Buffer.MemoryCopy((void*)source, (void*)destination, n * (long)sizeof(float), n * (long)sizeof(float));

    /// <summary>y = x / √(mean(x²) + epsilon) ⊙ weight; the mean is accumulated in F64 in a fixed order.</summary>
    /// <param name="x">n floats.</param>
    /// <param name="weight">n floats, or 0 for none.</param>
    /// <param name="y">n floats; may be x.</param>
    /// <param name="n">Elements, at least 1.</param>
    /// <param name="epsilon">Added to the mean of squares.</param>
    public static void RmsNorm(nint x, nint weight, nint y, int n, float epsilon)
    {
        Debug.Assert(n > 0);
        float* source = (float*)x;
        float* w = (float*)weight;
        float* destination = (float*)y;
        float scale = (float)(1.0 / Math.Sqrt((SumOfSquares(source, n) / n) + epsilon));
        if (w == null)
        {
            ScaleTo(source, destination, n, scale);
            return;
        }

        Vector256<float> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            (Vector256.Load(source + i) * scales * Vector256.Load(w + i)).Store(destination + i);
        }

        for (; i < n; i++)
        {
            destination[i] = source[i] * scale * w[i];
        }
    }

    /// <summary>x += delta.</summary>
    public static void Add(nint x, nint delta, int n)
    {
        float* a = (float*)x;
        float* b = (float*)delta;
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            (Vector256.Load(a + i) + Vector256.Load(b + i)).Store(a + i);
        }

        for (; i < n; i++)
        {
            a[i] += b[i];
        }
    }

    /// <summary>x += delta · scale.</summary>
    public static void AddScaled(nint x, nint delta, int n, float scale)
    {
        float* a = (float*)x;
        float* b = (float*)delta;
        Vector256<float> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Lanes.MultiplyAdd(Vector256.Load(b + i), scales, Vector256.Load(a + i)).Store(a + i);
        }

        for (; i < n; i++)
        {
            a[i] = Lanes.MultiplyAdd(b[i], scale, a[i]);
        }
    }

    /// <summary>x *= s.</summary>
    public static void Scale(nint x, int n, float s) => ScaleTo((float*)x, (float*)x, n, s);

    /// <summary>y = SiLU(gate) ⊙ up; error a few units in the last place.</summary>
    public static void SiluMultiply(nint gate, nint up, nint y, int n) => Gated<SiluUnit>(gate, up, y, n);

    /// <summary>y = GELU(gate) ⊙ up, tanh form; absolute error of GELU below 1e-6 of max(1, |gate|).</summary>
    public static void GeluMultiply(nint gate, nint up, nint y, int n) => Gated<GeluUnit>(gate, up, y, n);

    /// <summary>y = sigmoid(gate) ⊙ up (query gates).</summary>
    public static void SigmoidMultiply(nint gate, nint up, nint y, int n) => Gated<SigmoidUnit>(gate, up, y, n);

    /// <summary>y = g · sigmoid(1.702 g) · (u + 1) with g = min(gate, 7), u = clamp(up, −7, 7) (gpt-oss experts).</summary>
    public static void ClampedSwishMultiply(nint gate, nint up, nint y, int n) => Gated<ClampedSwishUnit>(gate, up, y, n);

    /// <summary>x = cap · tanh(x / cap), absolute error below 3e-7 of the cap.</summary>
    public static void SoftCap(nint x, int n, float cap)
    {
        float* values = (float*)x;
        float twice = 2f / cap;
        Vector256<float> caps = Vector256.Create(cap);
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Vector256<float> e = Lanes.Exp(Vector256.Load(values + i) * Vector256.Create(twice));
            (caps - ((caps + caps) / (e + Vector256<float>.One))).Store(values + i);
        }

        for (; i < n; i++)
        {
            values[i] = cap - ((cap + cap) / (Lanes.Exp(values[i] * twice) + 1f));
        }
    }

    /// <summary>y = e^x, relative error below 2e-7.</summary>
    public static void Exp(nint x, nint y, int n)
    {
        float* source = (float*)x;
        float* destination = (float*)y;
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Lanes.Exp(Vector256.Load(source + i)).Store(destination + i);
        }

        for (; i < n; i++)
        {
            destination[i] = Lanes.Exp(source[i]);
        }
    }

    /// <summary>e^x with the same bits as the vector form.</summary>
    public static float Exp(float x) => Lanes.Exp(x);

    /// <summary>1 / (1 + e^-x), for gates of one value per row; same bits as <see cref="SigmoidMultiply"/> of one.</summary>
    public static float Sigmoid(float x) => SigmoidUnit.Apply(x, 1f);

    /// <summary>n halves to n floats, exact.</summary>
    public static void HalfToFloat(nint src, nint dst, int n)
    {
        ushort* source = (ushort*)src;
        float* destination = (float*)dst;
        nint i = FiniteHalvesToFloat(source, destination, n);
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Lanes.LoadHalf(source + i).Store(destination + i);
        }

        if (i < n)
        {
            LastHalvesToFloat(source + i, destination + i, n - (int)i);
        }
    }

    /// <summary>As many as are in whole sixteens, which costs a third less than with infinite ones and NaN among them; returns 0 if
    /// there are such, whose results are to be made again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint FiniteHalvesToFloat(ushort* source, float* destination, int n)
    {
        Vector256<short> exponent = Vector256.Create((short)0x7C00), largest = Vector256<short>.Zero;
        nint i = 0;
        for (; i <= n - (2 * Lanes.Count); i += 2 * Lanes.Count)
        {
            largest = Vector256.Max(largest, Vector256.Load((short*)source + i) & exponent);
            Vector256<float> first = Lanes.LoadFiniteHalf(source + i), second = Lanes.LoadFiniteHalf(source + i + Lanes.Count);
            first.Store(destination + i);
            second.Store(destination + i + Lanes.Count);
        }

        return Vector256.EqualsAny(largest, exponent) ? 0 : i;
    }

    /// <summary>Fewer than eight. Apart, because a method with memory on its stack costs more to call.</summary>
    private static void LastHalvesToFloat(ushort* source, float* destination, int n)
    {
        ushort* padded = stackalloc ushort[Lanes.Count];
        float* converted = stackalloc float[Lanes.Count];
        Unsafe.CopyBlockUnaligned(padded, source, (uint)(n * sizeof(ushort)));
        Lanes.LoadHalf(padded).Store(converted);
        Unsafe.CopyBlockUnaligned(destination, converted, (uint)(n * sizeof(float)));
    }

    /// <summary>n floats to n halves, round to nearest even; overflow gives infinity.</summary>
    public static void FloatToHalf(nint src, nint dst, int n)
    {
        float* source = (float*)src;
        ushort* destination = (ushort*)dst;
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            Lanes.StoreHalf(Vector256.Load(source + i), destination + i);
        }

        if (i < n)
        {
            float* padded = stackalloc float[Lanes.Count];
            ushort* converted = stackalloc ushort[Lanes.Count];
            Unsafe.CopyBlockUnaligned(padded, source + i, (uint)((n - i) * sizeof(float)));
            Lanes.StoreHalf(Vector256.Load(padded), converted);
            Unsafe.CopyBlockUnaligned(destination + i, converted, (uint)((n - i) * sizeof(ushort)));
        }
    }

    private static void Gated<TUnit>(nint gate, nint up, nint y, int n)
        where TUnit : struct, IGatedUnit
    {
        float* g = (float*)gate;
        float* u = (float*)up;
        float* destination = (float*)y;
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            TUnit.Apply(Vector256.Load(g + i), Vector256.Load(u + i)).Store(destination + i);
        }

        for (; i < n; i++)
        {
            destination[i] = TUnit.Apply(g[i], u[i]);
        }
    }

    internal static void ScaleTo(float* source, float* destination, int n, float scale)
    {
        Vector256<float> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            (Vector256.Load(source + i) * scales).Store(destination + i);
        }

        for (; i < n; i++)
        {
            destination[i] = source[i] * scale;
        }
    }

    internal static double SumOfSquares(float* x, int n)
    {
        Vector256<double> a = Vector256<double>.Zero;
        Vector256<double> b = Vector256<double>.Zero;
        int i = 0;
        for (; i <= n - Lanes.Count; i += Lanes.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Load(x + i));
            a += low * low; // exact: 24-bit factors; the sum rounds once per step, fused or not
            b += high * high;
        }

        a += b;
        double sum = a.GetElement(0) + a.GetElement(1) + (a.GetElement(2) + a.GetElement(3));
        for (; i < n; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }
}
