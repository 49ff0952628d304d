using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class ExpertSumTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 8)]
    [InlineData(37, 4)]
    [InlineData(100, 64)]
    public void Add_AnyOrderAndSplit_SameBitsAndMatchesDouble(int n, int count)
    {
        const int Places = 200;
        var random = new Random(n);
        int[] places = [.. Enumerable.Range(0, Places).OrderBy(_ => random.Next()).Take(count)];
        using GuardedFloats memory = GuardedFloats.Random(1, Places * n);
        FloatRows rows = new(memory.Address, n);
        using GuardedFloats start = GuardedFloats.Random(2, n);
        float[] weights = [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
        using var expected = new GuardedFloats(start.Span);
        ExpertSum.Add(places, weights, rows, expected.Address, n);
        for (int i = 0; i < n; i++)
        {
            double sum = start.Span[i] + Enumerable.Range(0, count).Sum(e => (double)weights[e] * memory.Span[(places[e] * n) + i]);
            Assert.Equal(sum, expected.Span[i], 4e-6);
        }

        int[] shuffle = [.. Enumerable.Range(0, count).OrderBy(_ => random.Next())];
        using var actual = new GuardedFloats(start.Span);
        int border = n / 3;
        int[] otherPlaces = [.. shuffle.Select(e => places[e])];
        float[] otherWeights = [.. shuffle.Select(e => weights[e])];
        ExpertSum.Add(otherPlaces, otherWeights, rows, actual.Address, border);
        ExpertSum.Add(otherPlaces, otherWeights, rows.FromColumn(border), actual.Address + (border * 4), n - border);
        Assert.Equal(expected.Span.ToArray(), actual.Span.ToArray());
    }

    [Fact]
    public void Add_FewerWeightsThanPlaces_Throws() =>
        Assert.Throws<ArgumentException>(() => ExpertSum.Add([1, 2], [1f], default, 0, 0));
}
