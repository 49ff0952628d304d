using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class NormsTests
{
    private static readonly int[] s_lengths = [1, 3, 7, 8, 9, 16, 31, 64, 127, 128];

    [Fact]
    public void L2Norm_EveryLength_AddsEpsilonToTheSum()
    {
        foreach (int n in s_lengths)
        {
            using GuardedFloats x = GuardedFloats.Random(n, n);
            using var y = new GuardedFloats(n);
            double sum = x.Span.ToArray().Sum(v => (double)v * v);
            Norms.L2Norm(x.Address, y.Address, n, 0.25f, 3f);
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(x.Span[i] * 3 / Math.Sqrt(sum + 0.25), y.Span[i], 4e-7);
            }
        }
    }

    [Theory]
    [InlineData(1e-6f)]
    [InlineData(0f)]
    public void L2Norm_ZeroVector_GivesZeros(float epsilon)
    {
        using var x = new GuardedFloats(19);
        Norms.L2Norm(x.Address, x.Address, 19, epsilon);
        Assert.All(x.Span.ToArray(), v => Assert.Equal(0f, v));
    }

    [Fact]
    public void GatedRmsNorm_EveryLength_NormsBeforeTheGate()
    {
        foreach (int n in s_lengths)
        {
            const int Heads = 3;
            using GuardedFloats x = GuardedFloats.Random(n, Heads * n, 1e-3);
            using GuardedFloats w = GuardedFloats.Random(n + 1, n);
            using GuardedFloats z = GuardedFloats.Random(n + 2, Heads * n, 9);
            using var y = new GuardedFloats(Heads * n);
            Norms.GatedRmsNorm(x.Address, w.Address, z.Address, y.Address, Heads, n, 1e-6f);
            for (int i = 0; i < y.Count; i++)
            {
                double mean = x.Span.Slice(i - (i % n), n).ToArray().Average(v => (double)v * v);
                double gate = z.Span[i] / (1 + Math.Exp(-z.Span[i]));
                double expected = x.Span[i] / Math.Sqrt(mean + 1e-6f) * w.Span[i % n] * gate;
                Assert.InRange(Math.Abs(y.Span[i] - expected), 0, (1e-6 * Math.Abs(expected)) + 1e-9);
            }

            float[] apart = y.Span.ToArray();
            Norms.GatedRmsNorm(x.Address, w.Address, z.Address, z.Address, Heads, n, 1e-6f);
            Assert.Equal(apart, z.Span.ToArray());
        }
    }

    [Theory]
    [InlineData(-200f)]
    [InlineData(-3f)]
    [InlineData(0f)]
    [InlineData(2.5f)]
    [InlineData(200f)]
    public void Sigmoid_WholeRange_MatchesDouble(float x) => Assert.Equal(1 / (1 + Math.Exp(-x)), VectorOps.Sigmoid(x), 1.2e-7);
}
