using LayerStream.Kernels.Ops;

namespace LayerStream.Kernels.Tests;

/// <summary>
/// The operators between matrix products as docs/arithmetic.md defines them, one value at a time: no vectors, and nothing shared with the
/// code under test but <see cref="Elementary"/>, which is scalar itself.
/// </summary>
internal static class Plain
{
    internal static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    internal static float Exp(float x)
    {
        x = x > 89 ? 89 : x < -105 ? -105 : x;
        float biased = Fma(x, 1.44269504f, 12582912);
        float n = biased - 12582912;
        float r = Fma(-n, 0.693359375f, x);
        r = Fma(-n, -2.12194440e-4f, r);
        float p = Fma(1f / 5040, r, 1f / 720);
        p = Fma(p, r, 1f / 120);
        p = Fma(p, r, 1f / 24);
        p = Fma(p, r, 1f / 6);
        p = Fma(p, r, 1f / 2);
        p = Fma(p, r, 1);
        p = Fma(p, r, 1);
        int half = (int)MathF.Floor(n / 2);
        return p * MathF.ScaleB(1, half) * MathF.ScaleB(1, (int)n - half);
    }

    /// <summary>Eight sums to one.</summary>
    internal static float Fold(ReadOnlySpan<float> s) => s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));

    internal static double SumOfSquares(ReadOnlySpan<float> x)
    {
        Span<double> s = stackalloc double[8];
        int whole = x.Length / 8 * 8;
        for (int i = 0; i < whole; i++)
        {
            s[i % 8] += (double)x[i] * x[i];
        }

        double sum = s[0] + s[4] + (s[1] + s[5]) + (s[2] + s[6] + (s[3] + s[7]));
        for (int i = whole; i < x.Length; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }

    internal static float[] RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon)
    {
        float scale = (float)(1.0 / Math.Sqrt((SumOfSquares(x) / x.Length) + epsilon));
        float[] y = new float[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = x[i] * scale;
            y[i] *= weight.IsEmpty ? 1 : weight[i];
        }

        return y;
    }

    internal static float[] L2Norm(ReadOnlySpan<float> x, float epsilon, float factor)
    {
        double sum = SumOfSquares(x) + epsilon;
        float scale = sum == 0 ? 0 : (float)(factor / Math.Sqrt(sum));
        return Each(x, v => v * scale);
    }

    internal static float Silu(float gate, float up) => gate / (1 + Exp(-gate)) * up;

    internal static float Sigmoid(float gate, float up) => up / (1 + Exp(-gate));

    internal static float Gelu(float gate, float up)
    {
        float cubic = Fma(gate * gate, 0.044715f, 1) * gate;
        return gate / (1 + Exp(cubic * -1.5957691216057308f)) * up;
    }

    internal static float ClampedSwish(float gate, float up)
    {
        float g = gate > 7 ? 7 : gate, u = up > 7 ? 7 : up < -7 ? -7 : up;
        return g / (1 + Exp(g * -1.702f)) * (u + 1);
    }

    internal static float SoftCap(float x, float cap) => cap - ((cap + cap) / (Exp(x * (2 / cap)) + 1));

    internal static float[] Each(ReadOnlySpan<float> x, Func<float, float> f)
    {
        float[] y = new float[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = f(x[i]);
        }

        return y;
    }

    internal static float[] Each(ReadOnlySpan<float> x, ReadOnlySpan<float> z, Func<float, float, float> f)
    {
        float[] y = new float[x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = f(x[i], z[i]);
        }

        return y;
    }

    /// <summary>Σ e^(value − shift).</summary>
    internal static double ExpSum(ReadOnlySpan<float> values, float shift)
    {
        double[] s = new double[8];
        for (int i = 0; i < values.Length; i++)
        {
            s[i % 8] += Elementary.Exp((double)values[i] - shift);
        }

        return s[0] + s[4] + (s[1] + s[5]) + (s[2] + s[6] + (s[3] + s[7]));
    }

    /// <summary>Cosines, then sines, of a position.</summary>
    internal static (float[] Cos, float[] Sin) Rotation(ReadOnlySpan<double> omega, int position, float magnitude)
    {
        float[] cos = new float[omega.Length], sin = new float[omega.Length];
        for (int p = 0; p < omega.Length; p++)
        {
            (double s, double c) = Elementary.SinCos(position * omega[p]);
            (cos[p], sin[p]) = ((float)(c * magnitude), (float)(s * magnitude));
        }

        return (cos, sin);
    }

    internal static float[] Rotate(RopeStyle style, ReadOnlySpan<float> head, float[] cos, float[] sin)
    {
        float[] y = head.ToArray();
        for (int p = 0; p < cos.Length; p++)
        {
            (int i, int j) = style == RopeStyle.Half ? (p, p + cos.Length) : (2 * p, (2 * p) + 1);
            y[i] = (head[i] * cos[p]) - (head[j] * sin[p]);
            y[j] = (head[j] * cos[p]) + (head[i] * sin[p]);
        }

        return y;
    }
}
