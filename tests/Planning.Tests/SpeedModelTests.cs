using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Tests;

public sealed class SpeedModelTests
{
    private const double Rate = ExpertPlans.ExpertBytes; // one expert a second

    [Fact]
    public void Predict_AllResident_IsCompute()
    {
        SpeedForecast speed = new SpeedModel(ComputeTimes.Dense(3), new ReadRates(1, 1, 0, 1), 0).Predict(null);
        Assert.Equal((3, 3, 0, SpeedLimit.Compute), (speed.Seconds, speed.ComputeSeconds, speed.ReadSeconds, speed.Limit));
    }

    [Fact]
    public void Predict_DenseStream_IsTheLargerOfReadAndCompute()
    {
        SpeedForecast reads = new SpeedModel(ComputeTimes.Dense(4), new ReadRates(2, 1, 0, 0), 10).Predict(null);
        Assert.Equal((5, 1, SpeedLimit.DenseReads), (reads.Seconds, reads.WaitSeconds, reads.Limit));
        Assert.Equal(4, new SpeedModel(ComputeTimes.Dense(4), new ReadRates(2, 1, 0, 0), 6).Predict(null).Seconds, 12);
    }

    [Fact]
    public void Predict_ReadsThatTakeProcessorTime_SlowCompute() =>
        Assert.Equal(4 + (6 * 0.5), new SpeedModel(ComputeTimes.Dense(4), new ReadRates(100, 1, 0, 0.5), 6).Predict(null).Seconds, 12);

    [Fact]
    public void Predict_MissedExperts_HideBehindTheLayersOwnExpertsOnly()
    {
        // One layer, 4 experts of 0.1 s; 1 s before them, 0.2 s beside. Misses are read one a second, one after the other.
        ComputeTimes compute = new(2, 1, 0, 0.2, 0.1, 1);
        ReadRates rates = new(1, Rate, 0, 0);
        Assert.Equal(2 + 1 + 0.2 + 0.4, Seconds(compute, rates, misses: 0), 9);
        Assert.Equal(2 + 1 + 1, Seconds(compute, rates, misses: 1), 9);
        Assert.Equal(2 + 1 + 3, Seconds(compute, rates, misses: 3), 9);
        // Read side by side, they arrive together and are computed when all are there.
        Assert.Equal(2 + 1 + 3 + 0.3, Seconds(compute, rates with { ConcurrentBytes = 10 * ExpertPlans.ExpertBytes }, misses: 3), 9);
    }

    [Fact]
    public void Predict_GuessedExperts_AreReadBeforeTheyAreDemanded()
    {
        ComputeTimes compute = new(2, 1, 0.25, 0.2, 0.1, 1);
        ReadRates rates = new(1, Rate, 0, 0);
        // 0.75 s of reading ahead, so that 2.25 experts are left.
        Assert.Equal(2 + 1 + 2.25, Seconds(compute, rates, misses: 3, predicts: true), 9);
        Assert.Equal(2 + 1 + 3, Seconds(compute, rates, misses: 3, predicts: true, transients: 1), 9);
    }

    [Fact]
    public void Predict_DenseStreamBesideMisses_IsNeverBelowTheDevice()
    {
        ComputeTimes compute = new(2, 1, 0, 0.2, 0.1, 1);
        SpeedForecast speed = new SpeedModel(compute, new ReadRates(1, Rate, 0, 0), 9).Predict(Replay(3));
        Assert.Equal((9 + 3, SpeedLimit.DenseReads), (speed.Seconds, speed.Limit));
    }

    private static double Seconds(ComputeTimes compute, ReadRates rates, int misses, bool predicts = false, int transients = 4) =>
        new SpeedModel(compute, rates, 0, transients, predicts).Predict(Replay(misses)).Seconds;

    /// <summary>A layer that uses four experts, of which the first token after the prompt misses some.</summary>
    private static PlannedReplay Replay(int misses)
    {
        RouteTrace trace = new(SharedTraces.Header(1, 16, 4));
        trace.Add(0, 0, 0, 0, 0, [0, 1, 2, 3], [0.4f, 0.3f, 0.2f, 0.1f]);
        trace.Add(1, 0, 1, 1, 0, [.. Enumerable.Range(misses, 4)], [0.4f, 0.3f, 0.2f, 0.1f]);
        return PlannedReplay.Of(ExpertPlans.Even(1, 16, 4, 4), trace);
    }
}
