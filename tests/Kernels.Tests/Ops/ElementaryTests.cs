using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>Errors against exact arithmetic, the ends of the ranges, and bits that no machine may change.</summary>
public sealed class ElementaryTests
{
    private const int Points = 1500;

    [Fact]
    public void Exp_WholeRange_WithinOneUnit()
    {
        AtMost(1, random => random.Next(3) switch
        {
            0 => Between(random, -700, 700),
            1 => Between(random, -1, 1),
            _ => Between(random, -40, 0)
        }, x =>
        {
            BigInteger exact = FixedPoint.Exp(FixedPoint.Of(x), out long scale);
            return FixedPoint.Error(Elementary.Exp(x), exact, scale);
        });
    }

    [Fact]
    public void Log_WholeRange_IsAllButCorrectlyRounded() =>
        AtMost(
            0.51,
            random => random.Next(3) switch
            {
                0 => Math.Pow(2, Between(random, -1000, 1000)),
                1 => Between(random, 0.5, 2),
                _ => 1 + Math.Pow(2, Between(random, -50, -2))
            },
            x => FixedPoint.Error(Elementary.Log(x), FixedPoint.Log(x)));

    [Fact]
    public void Pow_BasesOfRotationsAndPenalties_WithinOneUnit()
    {
        Random exponents = new(2);
        AtMost(1, random => random.Next(2) == 0 ? Between(random, 1, 100) : new[] { 1e4, 5e5, 1e6, 1e7, 1e15, 1e-3 }[random.Next(6)], x =>
        {
            double y = exponents.Next(2) == 0 ? exponents.Next(0, 20) : -2.0 * exponents.Next(0, 128) / 256;
            BigInteger exact = FixedPoint.Exp((FixedPoint.Of(y) * FixedPoint.Log(x)) / FixedPoint.Of(1), out long scale);
            return FixedPoint.Error(Elementary.Pow(x, y), exact, scale);
        });
    }

    [Fact]
    public void SinCos_AnglesUpTo2To40_WithinOneUnit() =>
        AtMost(
            1,
            random => random.Next(4) switch
            {
                0 => Between(random, -1, 1),
                1 => random.Next(1 << 20) * random.NextDouble(),
                2 => random.Next(1, 1 << 20) * (Math.PI / 2),
                _ => Math.Pow(2, Between(random, -30, 40)) * (random.Next(2) == 0 ? 1 : -1),
            },
            x =>
            {
                (double sin, double cos) = Elementary.SinCos(x);
                (BigInteger exactSin, BigInteger exactCos) = FixedPoint.SinCos(x);
                return Math.Max(FixedPoint.Error(sin, exactSin), FixedPoint.Error(cos, exactCos));
            });

    [Fact]
    public void FloatExp_EveryExponentAndMantissaStep_WithinOneUnit()
    {
        double worst = 0;
        for (uint bits = 0; bits <= 0x42B17217; bits += 1009)
        {
            foreach (float x in new[] { BitConverter.UInt32BitsToSingle(bits), -BitConverter.UInt32BitsToSingle(bits) })
            {
                double exact = Elementary.Exp(x);
                float near = (float)exact;
                worst = near < 1.2e-38f ? worst : Math.Max(worst, Math.Abs(VectorOps.Exp(x) - exact) / (MathF.BitIncrement(near) - near));
            }
        }

        Assert.InRange(worst, 0.5, 1);
    }

    [Fact]
    public void Exp_EndsOfTheRange_Saturate()
    {
        Assert.Equal(double.PositiveInfinity, Elementary.Exp(709.79));
        Assert.Equal(double.PositiveInfinity, Elementary.Exp(double.PositiveInfinity));
        Assert.Equal(0, Elementary.Exp(-745.2));
        Assert.Equal(0, Elementary.Exp(double.NegativeInfinity));
        Assert.Equal(1, Elementary.Exp(0));
        Assert.Equal(5e-324, Elementary.Exp(-744.5)); // subnormal
        Assert.True(double.IsNaN(Elementary.Exp(double.NaN)));
    }

    [Fact]
    public void LogAndPow_EndsOfTheRange_AreWhatTheNameSays()
    {
        Assert.Equal(0, Elementary.Log(1));
        Assert.Equal(double.NegativeInfinity, Elementary.Log(0));
        Assert.Equal(double.PositiveInfinity, Elementary.Log(double.PositiveInfinity));
        Assert.True(double.IsNaN(Elementary.Log(-1)) && double.IsNaN(Elementary.Log(double.NaN)));
        Assert.Equal(-744.4400719213812, Elementary.Log(5e-324));
        Assert.Equal(1, Elementary.Pow(1e15, 0));
        Assert.Equal(1, Elementary.Pow(1, 1e9));
        Assert.Equal(double.PositiveInfinity, Elementary.Pow(1.75, 100_000));
        Assert.Equal(0, Elementary.Pow(1.75, -100_000));
        Assert.Equal(1024, Elementary.Pow(2, 10));
        Assert.True(double.IsNaN(Elementary.Pow(-2, 2)) && double.IsNaN(Elementary.Pow(2, double.NaN)));
    }

    [Fact]
    public void SinCos_HugeAndSpecialAngles_AreDefined()
    {
        Assert.Equal((0, 1), Elementary.SinCos(0));
        (double sin, double cos) = Elementary.SinCos(1e300);
        Assert.InRange((sin * sin) + (cos * cos), 1 - 1e-15, 1 + 1e-15);
        Assert.True(double.IsNaN(Elementary.SinCos(double.PositiveInfinity).Sin) && double.IsNaN(Elementary.SinCos(double.NaN).Cos));
    }

    [Fact]
    public void Softplus_WideRange_MatchesTheLibrary()
    {
        for (double x = -60; x < 60; x += 0.037)
        {
            double expected = x > 20 ? x + Math.Exp(-x) : Math.Log(1 + Math.Exp(x))
                + (x < -20 ? Math.Exp(x) - Math.Log(1 + Math.Exp(x)) : 0);
            Assert.InRange(Elementary.Softplus(x), expected * (1 - 3e-8), expected * (1 + 3e-8));
        }
    }

    [Fact]
    public void Results_OnEveryMachine_HaveTheStoredBits()
    {
        Random random = new(11);
        List<double> results = [];
        for (int i = 0; i < 20_000; i++)
        {
            double x = Between(random, -800, 800), angle = random.Next() * random.NextDouble();
            (double sin, double cos) = Elementary.SinCos(angle);
            results.AddRange([Elementary.Exp(x), Elementary.Log(Math.Abs(x)), Elementary.Pow(Math.Abs(x), x / 50), sin, cos,
                Elementary.Softplus(x / 20), VectorOps.Exp((float)(x / 8))]);
        }

        double[] all = [.. results];
        Assert.Equal("5D79BCC8D6A2E0CCF972835EEEA0DC49", Convert.ToHexString(XxHash128.Hash(MemoryMarshal.AsBytes<double>(all))));
    }

    private static double Between(Random random, double low, double high) => low + (random.NextDouble() * (high - low));

    private static void AtMost(double units, Func<Random, double> draw, Func<double, double> error)
    {
        Random random = new(1);
        for (int i = 0; i < Points; i++)
        {
            double x = draw(random), found = error(x);
            Assert.True(found <= units, $"{found:F3} units at {x:r}");
        }
    }
}
