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
        var random = new Random(n);
        int[] ids = [.. Enumerable.Range(0, 200).OrderBy(_ => random.Next()).Take(count)];
        using GuardedFloats rows = GuardedFloats.Random(1, count * n);
        using GuardedFloats start = GuardedFloats.Random(2, n);
        float[] weights = [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
        using var expected = new GuardedFloats(start.Span);
        ExpertSum.Add(ids, weights, rows.Address, n, expected.Address, n);
        for (int i = 0; i < n; i++)
        {
            double sum = start.Span[i] + Enumerable.Range(0, count).Sum(e => (double)weights[e] * rows.Span[(e * n) + i]);
            Assert.Equal(sum, expected.Span[i], 4e-6);
        }

        int[] shuffle = [.. Enumerable.Range(0, count).OrderBy(_ => random.Next())];
        using var shuffled = new GuardedFloats(count * n);
        for (int e = 0; e < count; e++)
        {
            rows.Span.Slice(shuffle[e] * n, n).CopyTo(shuffled.Span[(e * n)..]);
        }

        using var actual = new GuardedFloats(start.Span);
        int border = n / 3;
        int[] otherIds = [.. shuffle.Select(e => ids[e])];
        float[] otherWeights = [.. shuffle.Select(e => weights[e])];
        ExpertSum.Add(otherIds, otherWeights, shuffled.Address, n, actual.Address, border);
        ExpertSum.Add(otherIds, otherWeights, shuffled.Address + (border * 4), n, actual.Address + (border * 4), n - border);
        Assert.Equal(expected.Span.ToArray(), actual.Span.ToArray());
    }

    [Fact]
    public void AddPlaced_PlacesInAnyOrder_SameBitsAsRowsInRisingOrder()
    {
        const int N = 37;
        using GuardedFloats rows = GuardedFloats.Random(3, 9 * N);
        using var packed = new GuardedFloats(3 * N);
        int[] places = [1, 4, 8];
        float[] weights = [0.3f, -1.7f, 0.011f];
        for (int i = 0; i < places.Length; i++)
        {
            rows.Span.Slice(places[i] * N, N).CopyTo(packed.Span[(i * N)..]);
        }

        using var expected = new GuardedFloats(N);
        using var actual = new GuardedFloats(N);
        ExpertSum.Add([0, 1, 2], weights, packed.Address, N, expected.Address, N);
        ExpertSum.AddPlaced([8, 1, 4], [weights[2], weights[0], weights[1]], rows.Address, N, actual.Address, N);
        Assert.Equal(expected.Span.ToArray(), actual.Span.ToArray());
    }

    [Fact]
    public void Add_FewerWeightsThanIds_Throws() =>
        Assert.Throws<ArgumentException>(() => ExpertSum.Add([1, 2], [1f], 0, 0, 0, 0));
}
