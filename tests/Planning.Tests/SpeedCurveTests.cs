namespace LayerStream.Planning.Tests;

public sealed class SpeedCurveTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Budgets_FromTheLeastToAllHeld_RiseAndHoldWhatIsWanted()
    {
        IReadOnlyList<long> budgets = SpeedCurve.Budgets(100 * MiB, b => b >= 1000 * MiB, 8, 321 * MiB, 50 * MiB);
        Assert.Equal(100 * MiB, budgets[0]);
        Assert.InRange(budgets[^1], 1000 * MiB, 1020 * MiB);
        Assert.Equal(budgets.Order().Distinct(), budgets);
        Assert.Contains(321 * MiB, budgets);
        Assert.DoesNotContain(50 * MiB, budgets); // less than what works
        Assert.Equal(9, budgets.Count);
    }

    [Fact]
    public void Budgets_OfAModelThatTheLeastHolds_AreThatOneAndWhatIsWanted() =>
        Assert.Equal([100 * MiB, 400 * MiB], SpeedCurve.Budgets(100 * MiB, _ => true, 8, 400 * MiB));

    [Fact]
    public void Knee_OfACurve_IsTheFirstPointNearTheBestSpeed()
    {
        SpeedCurve curve = new([Point(1, 2), Point(2, 4), Point(3, 9.6), Point(4, 10), Point(5, 9.9)]);
        Assert.Equal(2, curve.Knee);
        Assert.Equal(0, new SpeedCurve([Point(1, 2)]).Knee);
    }

    [Fact]
    public void At_BetweenTwoPoints_IsTheLowerOne()
    {
        SpeedCurve curve = new([Point(10, 2), Point(20, 4)]);
        Assert.Equal((10, 10, 20), (curve.At(5).BudgetBytes, curve.At(19).BudgetBytes, curve.At(20).BudgetBytes));
    }

    [Fact]
    public void Observed_Generation_GivesItsOwnComputeAndRate()
    {
        SpeedBasis before = SpeedBasis.Assumed(1e9, 4_000_000_000, 2);
        Assert.Equal((SpeedSource.Assumption, 0.5), (before.Source, before.Compute.TokenSeconds(0)));
        SpeedBasis dense = SpeedBasis.Observed(10, 5, 0, 4, 8e9, 0, 0, 1, before);
        Assert.Equal((SpeedSource.Generation, 0.5, 2e9), (dense.Source, dense.Compute.TokenSeconds(0), dense.Rates.StreamBytesPerSecond));
        Assert.Equal(1e9, SpeedBasis.Observed(10, 5, 0, 0, 0, 0, 0, 1, before).Rates.StreamBytesPerSecond); // nothing was read
    }

    [Fact]
    public void Observed_GenerationWithExperts_DividesItsComputeByLayers()
    {
        SpeedBasis basis = SpeedBasis.Observed(10, 8, 4, 1, 1e9, 4, 32, 0.5, SpeedBasis.Assumed(1e9, 1, 1));
        Assert.Equal((0.2, 0.05, 4), (basis.Compute.OutsideSeconds, basis.Compute.BeforeSeconds, basis.Compute.ExpertLayers));
        Assert.Equal(0.8, basis.Compute.TokenSeconds(32), 9);
    }

    [Fact]
    public void Observed_SecondGeneration_CountsHalfAndLeavesOutWhatReadsTook()
    {
        SpeedBasis before = new(ComputeTimes.Dense(0.3), new ReadRates(1e9, 1e9, 0, 1e-10), SpeedSource.Measurement);
        SpeedBasis basis = SpeedBasis.Observed(10, 6, 0, 10, 1e10, 0, 0, 1, before); // 0.6 s a token, of it 0.1 s for reads
        Assert.Equal(0.4, basis.Compute.TokenSeconds(0), 9);
        Assert.Equal(1e9, basis.Rates.StreamBytesPerSecond);
        Assert.Equal(1e-10, basis.Rates.CpuSecondsPerByte);
    }

    private static SpeedPoint Point(long budget, double speed) => new(budget, speed, 0, SpeedLimit.Compute);
}
