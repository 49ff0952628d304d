using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class VectorOpsTests
{
    private static readonly int[] s_lengths = [.. Enumerable.Range(1, 40), 63, 64, 65, 127, 576, 1000];

    private delegate void Elementwise(nint a, nint b, nint y, int n);

    [Fact]
    public void RmsNorm_EveryLength_MatchesDoubleReference()
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats x = GuardedFloats.Random(n, n, 5);
            using GuardedFloats w = GuardedFloats.Random(n + 1, n);
            using var y = new GuardedFloats(n);
            double mean = 0;
            foreach (float v in x.Span)
            {
                mean += (double)v * v / n;
            }

            VectorOps.RmsNorm(x.Address, w.Address, y.Address, n, 1e-5f);
            for (int i = 0; i < n; i++)
            {
                Near(x.Span[i] / Math.Sqrt(mean + 1e-5f) * w.Span[i], y.Span[i], 3e-7);
            }

            using var plain = new GuardedFloats(x.Span);
            VectorOps.RmsNorm(plain.Address, 0, plain.Address, n, 1e-5f);
            for (int i = 0; i < n; i++)
            {
                Near(x.Span[i] / Math.Sqrt(mean + 1e-5f), plain.Span[i], 3e-7);
            }
        }
    }

    [Fact]
    public void RmsNorm_ZeroVector_GivesZeros()
    {
        using var x = new GuardedFloats(33);
        VectorOps.RmsNorm(x.Address, 0, x.Address, 33, 1e-6f);
        Assert.All(x.Span.ToArray(), v => Assert.Equal(0f, v));
    }

    [Fact]
    public void AddScaleCopy_EveryLength_MatchScalar()
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats a = GuardedFloats.Random(n, n);
            using GuardedFloats b = GuardedFloats.Random(n + 1, n);
            using var sum = new GuardedFloats(n);
            using var scaled = new GuardedFloats(a.Span);
            using var product = new GuardedFloats(a.Span);
            VectorOps.Copy(a.Address, sum.Address, n);
            VectorOps.Add(sum.Address, b.Address, n);
            VectorOps.AddScaled(scaled.Address, b.Address, n, 0.3f);
            VectorOps.Scale(product.Address, n, -1.7f);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(a.Span[i] + b.Span[i], sum.Span[i]);
                Assert.Equal(a.Span[i] + ((double)b.Span[i] * 0.3f), scaled.Span[i], 1.5e-7);
                Assert.Equal(a.Span[i] * -1.7f, product.Span[i]);
            }
        }
    }

    [Fact]
    public void SoftCap_EveryLength_MatchesTanhInDouble()
    {
        foreach (float cap in new[] { 2f, 30f })
        {
            foreach (int n in s_lengths)
            {
                using GuardedFloats x = GuardedFloats.Random(n, n, 3 * cap);
                using var y = new GuardedFloats(x.Span);
                y.Span[n / 2] = float.PositiveInfinity;
                VectorOps.SoftCap(y.Address, n, cap);
                for (int i = 0; i < n; i++)
                {
                    double expected = i == n / 2 ? cap : cap * Math.Tanh(x.Span[i] / (double)cap);
                    Assert.InRange(y.Span[i] - expected, -3e-7 * cap, 3e-7 * cap);
                }
            }
        }
    }

    [Fact]
    public void Exp_WholeRange_RelativeErrorBelow2e7()
    {
        double worst = 0;
        for (float x = -87.3f; x < 88.7f; x += 0.00037f)
        {
            double exact = Math.Exp(x);
            worst = Math.Max(worst, Math.Abs(VectorOps.Exp(x) - exact) / exact);
        }

        Assert.InRange(worst, 0, 2e-7);
    }

    [Fact]
    public void Exp_Extremes_Saturate()
    {
        Assert.Equal(0f, VectorOps.Exp(float.NegativeInfinity));
        Assert.Equal(0f, VectorOps.Exp(-1e30f));
        Assert.Equal(float.PositiveInfinity, VectorOps.Exp(1000f));
        Assert.Equal(float.PositiveInfinity, VectorOps.Exp(float.PositiveInfinity));
        Assert.Equal(1f, VectorOps.Exp(0f));
        Assert.True(float.IsNaN(VectorOps.Exp(float.NaN)));
        Assert.Equal(Math.Exp(-100), VectorOps.Exp(-100f), 2e-45); // subnormal
    }

    [Fact]
    public void Exp_VectorAndTail_HaveTheSameBits()
    {
        float[] values = [.. Enumerable.Range(0, 4000).Select(i => (i * 0.057f) - 114), float.NaN, float.PositiveInfinity,
            float.NegativeInfinity, -0f, 1e-40f];
        using var x = new GuardedFloats(values);
        using var y = new GuardedFloats(values.Length);
        VectorOps.Exp(x.Address, y.Address, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsNaN(values[i]))
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(VectorOps.Exp(values[i])), BitConverter.SingleToInt32Bits(y.Span[i]));
            }
        }
    }

    [Fact]
    public void SiluMultiply_EveryLength_MatchesDouble() =>
        CheckGated(VectorOps.SiluMultiply, (g, u) => g / (1 + Math.Exp(-g)) * u, 20, 6e-7, 1e-12);

    [Fact]
    public void SigmoidMultiply_EveryLength_MatchesDouble() =>
        CheckGated(VectorOps.SigmoidMultiply, (g, u) => u / (1 + Math.Exp(-g)), 20, 6e-7, 1e-12);

    [Fact]
    public void GeluMultiply_EveryLength_MatchesTanhFormInDouble() =>
        CheckGated(VectorOps.GeluMultiply, (g, u) => 0.5 * g * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (g + (0.044715 * g * g * g)))) * u,
            6, 6e-7, 3e-7);

    [Fact]
    public void ClampedSwishMultiply_EveryLength_MatchesDouble() =>
        CheckGated(
            VectorOps.ClampedSwishMultiply,
            (g, u) => Math.Min(g, 7) / (1 + Math.Exp(-1.702 * Math.Min(g, 7))) * (Math.Clamp(u, -7, 7) + 1),
            20,
            6e-6,
            1e-6);

    [Theory]
    [InlineData(1f)]
    [InlineData(-1f)]
    [InlineData(3f)]
    [InlineData(-3f)]
    public void GeluMultiply_KnownPoints_AreTheTanhFormNotErf(float x)
    {
        double tanh = 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));
        float one = 1, y;
        VectorOps.GeluMultiply((nint)(&x), (nint)(&one), (nint)(&y), 1);
        Assert.Equal(tanh, y, 3e-7);
    }

    [Fact]
    public void Gated_LargeMagnitudes_Saturate()
    {
        float* g = stackalloc float[] { 1e4f, -1e4f, 1e30f, -1e30f };
        float* u = stackalloc float[] { 1, 1, 1, 1 };
        float* y = stackalloc float[4];
        foreach (Elementwise op in new Elementwise[] { VectorOps.SiluMultiply, VectorOps.GeluMultiply })
        {
            op((nint)g, (nint)u, (nint)y, 4);
            Assert.Equal([1e4f, 0f, 1e30f, 0f], new Span<float>(y, 4).ToArray());
        }
    }

    [Fact]
    public void ClampedSwish_GateMinus20_HasNoLowerBound()
    {
        float gate = -20, up = 0.5f, y;
        VectorOps.ClampedSwishMultiply((nint)(&gate), (nint)(&up), (nint)(&y), 1);
        Assert.Equal(-20 / (1 + Math.Exp(1.702 * 20)) * 1.5, y, 1e-18);
    }

    [Theory]
    [InlineData(65535)] // infinite ones and NaN among them
    [InlineData(64)] // pieces without, but for those of the largest exponent
    [InlineData(27)]
    public void HalfToFloat_EveryHalf_IsExact(int piece)
    {
        var halves = new ushort[65536];
        var floats = new float[65536];
        for (int i = 0; i < halves.Length; i++)
        {
            halves[i] = (ushort)i;
        }

        fixed (ushort* source = halves)
        {
            fixed (float* destination = floats)
            {
                for (int i = 0; i < halves.Length; i += piece)
                {
                    VectorOps.HalfToFloat((nint)(source + i), (nint)(destination + i), Math.Min(piece, halves.Length - i));
                }
            }
        }

        for (int i = 0; i < halves.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.True(
                float.IsNaN(expected) ? BitConverter.SingleToInt32Bits(floats[i]) == NanOf(i)
                    : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(floats[i]),
                $"half {i:x4}");
        }
    }

    /// <summary>A half's NaN as F32: sign and payload are kept.</summary>
    private static int NanOf(int half) => ((half & 0x8000) << 16) | 0x7F800000 | ((half & 0x3FF) << 13);

    [Fact]
    public void FloatToHalf_HalvesMidpointsAndNeighbours_RoundsToNearestEven()
    {
        var values = new List<float> { 65519.996f, 65520f, 65536f, 1e10f, float.MaxValue, float.PositiveInfinity, float.NaN, 1e-8f,
            2.9802322e-8f, 2.9802326e-8f, float.Epsilon, 0f };
        for (int h = 0; h < 0x7BFF; h++)
        {
            float a = (float)BitConverter.UInt16BitsToHalf((ushort)h);
            float b = (float)BitConverter.UInt16BitsToHalf((ushort)(h + 1));
            float middle = (a + b) / 2;
            values.AddRange([a, middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle)]);
        }

        float[] all = [.. values, .. values.Select(v => -v)];
        var halves = new ushort[all.Length];
        fixed (float* source = all)
        {
            fixed (ushort* destination = halves)
            {
                VectorOps.FloatToHalf((nint)source, (nint)destination, all.Length);
            }
        }

        for (int i = 0; i < all.Length; i++)
        {
            Half expected = (Half)all[i];
            Half actual = BitConverter.UInt16BitsToHalf(halves[i]);
            Assert.True(
                Half.IsNaN(expected) ? Half.IsNaN(actual) : BitConverter.HalfToUInt16Bits(expected) == halves[i],
                    $"{all[i]:r}: {expected} {actual}");
        }
    }

    [Fact]
    public void HalfConversions_EveryLength_StayInside()
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats x = GuardedFloats.Random(n, n);
            using var back = new GuardedFloats(n);
            using var halves = new QuantGuardedMemory(n * 2);
            VectorOps.FloatToHalf(x.Address, halves.Address, n);
            VectorOps.HalfToFloat(halves.Address, back.Address, n);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal((float)(Half)x.Span[i], back.Span[i]);
            }
        }
    }

    private static void CheckGated(Elementwise op, Func<double, double, double> reference, double range, double relative, double absolute)
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats g = GuardedFloats.Random(n, n, range);
            using GuardedFloats u = GuardedFloats.Random(n + 7, n, range);
            using var y = new GuardedFloats(n);
            op(g.Address, u.Address, y.Address, n);
            for (int i = 0; i < n; i++)
            {
                double expected = reference(g.Span[i], u.Span[i]);
                Assert.InRange(Math.Abs(y.Span[i] - expected), 0, (relative * Math.Abs(expected)) + absolute * (1 + Math.Abs(u.Span[i])));
                float single;
                op(g.Address + (4 * i), u.Address + (4 * i), (nint)(&single), 1);
                Assert.Equal(BitConverter.SingleToInt32Bits(single), BitConverter.SingleToInt32Bits(y.Span[i])); // vector = tail
            }

            float[] separate = y.Span.ToArray();
            op(g.Address, u.Address, g.Address, n);
            Assert.Equal(separate, g.Span.ToArray());
        }
    }

    private static void Near(double expected, float actual, double relative) =>
        Assert.InRange(Math.Abs(actual - expected), 0, (relative * Math.Abs(expected)) + 1e-30);
}
