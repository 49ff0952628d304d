using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed unsafe class RopeTests
{
    [Theory]
    [InlineData(RopeStyle.Interleaved)]
    [InlineData(RopeStyle.Half)]
    public void Apply_EveryPairCount_MatchesDoubleReference(RopeStyle style)
    {
        foreach (int pairs in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 31, 32, 64 })
        {
            foreach (int position in new[] { 0, 1, 511, 1_000_000 })
            {
                const int Heads = 3;
                int dims = 2 * pairs, stride = dims + 5;
                double[] omega = [.. Enumerable.Range(0, pairs).Select(p => Math.Pow(10000, -(double)p / pairs))];
                var table = new RopeTable(omega, 1.25f);
                using GuardedFloats original = GuardedFloats.Random(pairs, ((Heads - 1) * stride) + dims);
                using var x = new GuardedFloats(original.Span);
                table.Apply(style, x.Address, Heads, stride, position);
                for (int i = 0; i < x.Count; i++)
                {
                    Assert.Equal(Reference(original.Span, style, omega, stride, position, i), x.Span[i], 4e-7);
                }

                using var row = new GuardedFloats(dims);
                using var prepared = new GuardedFloats(original.Span);
                table.Prepare(position, row.Span);
                RopeTable.Apply(style, prepared.Address, Heads, stride, row.Address, dims);
                Assert.Equal(x.Span.ToArray(), prepared.Span.ToArray());
            }
        }
    }

    [Fact]
    public void Constructor_BadFrequencies_Throws()
    {
        Assert.Throws<ArgumentException>(() => new RopeTable([], 1));
        Assert.Throws<ArgumentException>(() => new RopeTable([double.NaN], 1));
    }

    [Fact]
    public void Create_NoneAndLinear_DivideOnlyWhenLinear()
    {
        RopeTable none = RopeScaling.Create(8, 10000, "none", 4, 0, 32, 1, null);
        RopeTable linear = RopeScaling.Create(8, 10000, "linear", 4, 0, 32, 1, null);
        RopeTable unset = RopeScaling.Create(8, 10000, "", 0, 0, 32, 1, null);
        for (int p = 0; p < 4; p++)
        {
            double f = Math.Pow(10000, -2.0 * p / 8);
            Assert.Equal(f, none.Omega[p], 1e-15);
            Assert.Equal(f / 4, linear.Omega[p], 1e-15);
            Assert.Equal(f, unset.Omega[p], 1e-15);
        }

        Assert.Equal(1f, linear.Magnitude);
        Assert.Equal(8, linear.Dimensions);
    }

    [Fact]
    public void Create_YarnOfGptOss_RampsBetweenPairs8And18()
    {
        // architectures: n_rot 64, base 150000, L0 4096, s 32 give 8.09 and 17.40 before rounding outwards.
        RopeTable table = RopeScaling.Create(64, 150000, "yarn", 32, 4096, 32, 1, null);
        for (int p = 0; p < 32; p++)
        {
            double f = Math.Pow(150000, -2.0 * p / 64);
            double g = Math.Clamp((p - 8) / 10.0, 0, 1);
            Assert.Equal((f * (1 - g)) + (f / 32 * g), table.Omega[p], 1e-15);
        }

        Assert.Equal((0.1 * Math.Log(32)) + 1, table.Magnitude, 1e-7);
    }

    [Fact]
    public void Create_YarnDegenerateRampAndUnitFactor_StaysFinite()
    {
        RopeTable table = RopeScaling.Create(8, 10000, "yarn", 1, 64, 1, 1, null);
        Assert.Equal(1f, table.Magnitude);
        Assert.All(table.Omega.ToArray(), w => Assert.True(double.IsFinite(w)));
        Assert.Equal(1f, RopeScaling.Create(8, 10000, "yarn", 32, 64, 32, 1, null, 1f).Magnitude);
    }

    [Fact]
    public void Create_FrequencyFactors_DivideAndHugeOnesStopTheTurn()
    {
        RopeTable table = RopeScaling.Create(4, 10000, "none", 1, 0, 32, 1, [2f, 1e30f]);
        Assert.Equal(0.5, table.Omega[0]);
        float* x = stackalloc float[] { 1, 2, 3, 4 };
        table.Apply(RopeStyle.Half, (nint)x, 1, 4, 100_000);
        Assert.Equal(2f, x[1]);
        Assert.Equal(4f, x[3]);
    }

    [Fact]
    public void Create_Longrope_TakesFactorsAndMagnitude()
    {
        RopeTable table = RopeScaling.Create(4, 10000, "longrope", 32, 4096, 32, 1, [1.5f, 3f], 1.19f);
        Assert.Equal(1 / 1.5, table.Omega[0], 1e-12);
        Assert.Equal(0.01 / 3, table.Omega[1], 1e-12);
        Assert.Equal(1.19f, table.Magnitude);
    }

    [Fact]
    public void Create_BadParameters_Throws()
    {
        Assert.Throws<ArgumentException>(() => RopeScaling.Create(8, 10000, "ntk", 1, 0, 32, 1, null));
        Assert.Throws<ArgumentException>(() => RopeScaling.Create(7, 10000, "none", 1, 0, 32, 1, null));
        Assert.Throws<ArgumentException>(() => RopeScaling.Create(8, 10000, "none", 1, 0, 32, 1, [1f]));
        Assert.Throws<ArgumentException>(() => RopeScaling.Create(8, 10000, "yarn", 4, 0, 32, 1, null));
        Assert.False(RopeScaling.Supports("ntk"));
        Assert.True(RopeScaling.Supports("yarn"));
    }

    private static double Reference(Span<float> x, RopeStyle style, double[] omega, int stride, int position, int index)
    {
        int head = index / stride, d = index % stride, half = omega.Length;
        if (d >= 2 * half)
        {
            return x[index];
        }

        (int p, bool isSecond) = style == RopeStyle.Half ? (d % half, d >= half) : (d / 2, d % 2 == 1);
        int first = (head * stride) + (style == RopeStyle.Half ? p : 2 * p);
        double u = x[first], v = x[first + (style == RopeStyle.Half ? half : 1)];
        (double sin, double cos) = Math.SinCos(position * omega[p]);
        return 1.25 * (isSecond ? (u * sin) + (v * cos) : (u * cos) - (v * sin));
    }
}
