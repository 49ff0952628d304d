namespace LayerStream.Planning;

/// <summary>What predictions stand on: times and rates of this machine for one model.</summary>
/// <param name="Compute">How long a token computes.</param>
/// <param name="Rates">What the device delivers.</param>
/// <param name="Source">Where both come from.</param>
public sealed record SpeedBasis(ComputeTimes Compute, ReadRates Rates, SpeedSource Source)
{
    private const double AssumedBytesPerSecondAndThread = 4e9; // of weights, where nothing was computed yet

    /// <summary>Predicts a token under a division of memory.</summary>
    /// <param name="memory">The division.</param>
    /// <param name="replay">Routing through it; null without experts.</param>
    /// <param name="predictsReads">See <see cref="SpeedModel.PredictsReads"/>.</param>
    public SpeedForecast Predict(MemoryPlan memory, PlannedReplay? replay, bool predictsReads) =>
        new SpeedModel(Compute, Rates, memory.DenseStreamedBytes, memory.Experts.TransientSlots, predictsReads).Predict(replay);

    /// <summary>What a generation showed.</summary>
    /// <param name="passes">Its decode passes; at least one.</param>
    /// <param name="computeSeconds">Their compute, in all.</param>
    /// <param name="expertSeconds">Of it, on experts.</param>
    /// <param name="loadSeconds">Time with reads in flight; 0 = nothing was read.</param>
    /// <param name="readBytes">Bytes read meanwhile.</param>
    /// <param name="expertLayers">Layers with experts.</param>
    /// <param name="expertsPerToken">Experts that a token is routed to, over all layers.</param>
    /// <param name="outsideShare">Share of the weights outside the experts that lies outside those layers.</param>
    /// <param name="before">What was known before: its rates hold where nothing was read.</param>
    public static SpeedBasis Observed(int passes, double computeSeconds, double expertSeconds, double loadSeconds, double readBytes,
        int expertLayers, int expertsPerToken, double outsideShare, SpeedBasis before)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        // What reads took from the processor is part of the compute that was seen, and is foretold apart from it.
        double stolen = Math.Min(computeSeconds / 2, readBytes * before.Rates.CpuSecondsPerByte);
        double dense = Math.Max(0, computeSeconds - stolen - expertSeconds) / passes;
        ComputeTimes compute = expertLayers == 0
            ? ComputeTimes.Dense(dense)
            : new ComputeTimes(dense * outsideShare, dense * (1 - outsideShare) / expertLayers, 0, 0,
                expertSeconds / passes / Math.Max(1, expertsPerToken), expertLayers);
        double rate = loadSeconds > 0 && readBytes > 0 ? readBytes / loadSeconds : 0;
        ReadRates rates = rate > 0 ? before.Rates with { StreamBytesPerSecond = rate, BurstBytesPerSecond = rate } : before.Rates;
        return before.Source == SpeedSource.Assumption || before.Compute.ExpertLayers != expertLayers
            ? new SpeedBasis(compute, rates, SpeedSource.Generation)
            : new SpeedBasis(Middle(before.Compute, compute), Middle(before.Rates, rates), SpeedSource.Generation);
    }

    // A device's rate moves within minutes, and so does what other programs leave of the processor: the newest generation counts half.
    private static ComputeTimes Middle(ComputeTimes a, ComputeTimes b) => new((a.OutsideSeconds + b.OutsideSeconds) / 2,
        (a.BeforeSeconds + b.BeforeSeconds) / 2, (a.GuessSeconds + b.GuessSeconds) / 2, (a.BesideSeconds + b.BesideSeconds) / 2,
        (a.ExpertSeconds + b.ExpertSeconds) / 2, b.ExpertLayers);

    private static ReadRates Middle(ReadRates a, ReadRates b) => b with
    {
        StreamBytesPerSecond = (a.StreamBytesPerSecond + b.StreamBytesPerSecond) / 2,
        BurstBytesPerSecond = (a.BurstBytesPerSecond + b.BurstBytesPerSecond) / 2,
    };

    /// <summary>Before anything was computed: the device as it was measured, and a usual rate of arithmetic.</summary>
    /// <param name="deviceBytesPerSecond">Rate of the device.</param>
    /// <param name="usedBytesPerToken">Weights that a token multiplies by.</param>
    /// <param name="threads">Compute threads.</param>
    public static SpeedBasis Assumed(double deviceBytesPerSecond, long usedBytesPerToken, int threads) =>
        new(ComputeTimes.Dense(usedBytesPerToken / (AssumedBytesPerSecondAndThread * threads)),
            new ReadRates(deviceBytesPerSecond, deviceBytesPerSecond, 0, 0), SpeedSource.Assumption);
}
