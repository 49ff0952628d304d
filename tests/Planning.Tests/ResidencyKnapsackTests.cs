using LayerStream.Planning.Experts;

namespace LayerStream.Planning.Tests;

public sealed class ResidencyKnapsackTests
{
    [Fact]
    public void Choose_WithItemsOfOneSize_IsExact()
    {
        Random random = new(1);
        for (int round = 0; round < 200; round++)
        {
            (DenseItem[] dense, ExpertLayerItem[] experts) = Instance(random, () => 10);
            long budget = random.Next(0, 90);
            ResidencyChoice choice = ResidencyKnapsack.Choose(dense, experts, 2, budget);
            Assert.True(choice.UsedBytes <= budget);
            Assert.Equal(Best(dense, experts, budget), choice.SavedBytesPerToken, 1e-9);
        }
    }

    [Fact]
    public void Choose_WithItemsOfManySizes_FallsShortByLessThanOneItem()
    {
        Random random = new(2);
        for (int round = 0; round < 200; round++)
        {
            (DenseItem[] dense, ExpertLayerItem[] experts) = Instance(random, () => random.Next(3, 20));
            long budget = random.Next(0, 120);
            ResidencyChoice choice = ResidencyKnapsack.Choose(dense, experts, 2, budget);
            Assert.True(choice.UsedBytes <= budget);
            long slots = choice.SlotsPerLayer.Select((count, layer) => count * experts[layer].SlotBytes).Sum();
            Assert.Equal(choice.UsedBytes, slots + dense.Where((_, i) => choice.Pinned[i]).Sum(d => d.Bytes));
            double largest = Math.Max(dense.Max(d => d.SavedBytesPerToken), experts.Max(e => e.Curve.Marginal[0] * e.ExpertBytes));
            double best = Best(dense, experts, budget);
            Assert.InRange(choice.SavedBytesPerToken, best - largest, best + 1e-9);
        }
    }

    [Fact]
    public void Choose_UnderOneTokensExperts_SaysSo()
    {
        ExpertLayerItem[] experts = [.. Enumerable.Range(0, 4).Select(_ => new ExpertLayerItem(100, 96, 16, HitCurve.Prior(16, 4)))];
        ResidencyChoice small = ResidencyKnapsack.Choose([new(50, 50)], experts, 4, 850);
        Assert.True(small.BelowOneToken);
        Assert.True(small.Pinned[0]);
        Assert.Equal([2, 2, 2, 2], small.SlotsPerLayer);
        Assert.False(ResidencyKnapsack.Choose([new(50, 50)], experts, 4, 5000).BelowOneToken);
        Assert.False(ResidencyKnapsack.Choose([new(50, 50)], [], 0, 5000).BelowOneToken);
    }

    [Fact]
    public void FromMeasured_OfACurveWithACliff_IsItsHull()
    {
        HitCurve curve = HitCurve.FromMeasured([0, 0, 0, 3, 3.5, 3.75]);
        Assert.Equal([1, 1, 1, 0.5, 0.25], curve.Marginal);
        Assert.Equal(3.5, curve.HitsPerToken(4), 1e-12);
    }

    [Fact]
    public void Prior_SumsToTheRoutedExperts_AndFalls()
    {
        HitCurve curve = HitCurve.Prior(128, 6);
        Assert.Equal(6, curve.HitsPerToken(128), 1e-6);
        Assert.Equal(curve.Marginal.OrderDescending(), curve.Marginal);
        Assert.True(curve.Marginal[0] <= 1);
    }

    private static (DenseItem[] Dense, ExpertLayerItem[] Experts) Instance(Random random, Func<int> size)
    {
        DenseItem[] dense = [.. Enumerable.Range(0, 3).Select(_ => new DenseItem(size(), random.Next(1, 20)))];
        ExpertLayerItem[] experts = [.. Enumerable.Range(0, 2).Select(_ =>
            new ExpertLayerItem(size(), random.Next(3, 20), 4,
                HitCurve.FromMeasured([0, .. Enumerable.Range(0, 4).Select(_ => random.NextDouble()).OrderDescending().Scan()])))];
        return (dense, experts);
    }

    private static double Best(DenseItem[] dense, ExpertLayerItem[] experts, long budget)
    {
        double best = 0;
        for (int pinned = 0; pinned < 1 << dense.Length; pinned++)
        {
            for (int a = 0; a <= 4; a++)
            {
                for (int b = 0; b <= 4; b++)
                {
                    DenseItem[] kept = [.. dense.Where((_, i) => (pinned >> i & 1) != 0)];
                    long bytes = kept.Sum(d => d.Bytes) + (a * experts[0].SlotBytes) + (b * experts[1].SlotBytes);
                    double saved = kept.Sum(d => d.SavedBytesPerToken)
                        + (experts[0].Curve.HitsPerToken(a) * experts[0].ExpertBytes)
                        + (experts[1].Curve.HitsPerToken(b) * experts[1].ExpertBytes);
                    best = bytes <= budget ? Math.Max(best, saved) : best;
                }
            }
        }

        return best;
    }
}

file static class Sums
{
    /// <summary>Running sums.</summary>
    internal static IEnumerable<double> Scan(this IEnumerable<double> values)
    {
        double sum = 0;
        foreach (double v in values)
        {
            yield return sum += v;
        }
    }
}
