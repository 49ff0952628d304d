namespace LayerStream.Planning;

/// <summary>
/// Predicts the time of one decode pass from measured times and rates: reads hide behind compute where the order of a pass allows it.
/// </summary>
/// <param name="Compute">Compute of a token, everything resident.</param>
/// <param name="Rates">What the device delivers.</param>
/// <param name="DenseStreamedBytes">Weights outside the experts that every pass reads.</param>
/// <param name="TransientSlots">Slots for experts that only pass through; all but one of them can take predicted reads.</param>
/// <param name="PredictsReads">Whether a layer's experts are guessed and read before it demands them.</param>
public sealed record SpeedModel(ComputeTimes Compute, ReadRates Rates, long DenseStreamedBytes, int TransientSlots = 0,
    bool PredictsReads = false)
{
    /// <summary>Share of a layer's missed experts that its router names from the state that enters the layer.</summary>
    public const double GuessedShare = 0.9;

    /// <summary>
    /// A token without experts, or with those of a replay. Dense reads run on across layers and hide behind all compute. A layer's missed
    /// experts are known when its router has run, but for those that are guessed: they are read while the mixer computes. The rest is
    /// read while the shared network, the experts in memory and those that have arrived are computed; the last ones, which are read side by
    /// side, are computed when nothing is left to read. So misses that crowd in one layer cost more than the same number spread.
    /// </summary>
    public SpeedForecast Predict(PlannedReplay? replay)
    {
        double dense = DenseStreamedBytes / Rates.StreamBytesPerSecond, missed = 0;
        double seconds = Compute.OutsideSeconds, compute = Compute.OutsideSeconds;
        if (replay is { Tokens: > 0 })
        {
            double all = 0, computed = 0;
            foreach (LayerUse use in replay.Uses)
            {
                (double layer, double busy) = Layer(use.Used, use.Misses, replay.Plan.Layouts[use.Bank].ExpertBytes);
                (all, computed) = (all + layer, computed + busy);
            }

            (seconds, compute) = (seconds + (all / replay.Tokens), compute + (computed / replay.Tokens));
            missed = replay.MissBytesPerToken / Rates.BurstBytesPerSecond;
        }

        // What dense reads take from the processor, they take from compute.
        double stolen = Stolen(Math.Min(DenseStreamedBytes, seconds * Rates.StreamBytesPerSecond));
        (seconds, compute) = (seconds + stolen, compute + stolen);
        double read = dense + missed, total = Math.Max(seconds, read);
        SpeedLimit limit = total - compute < 0.1 * total ? SpeedLimit.Compute : dense > missed ? SpeedLimit.DenseReads
            : SpeedLimit.ExpertReads;
        return new SpeedForecast(total, compute, read, limit);
    }

    /// <summary>Seconds of a layer with experts, and of its compute.</summary>
    private (double Seconds, double Compute) Layer(int used, int misses, long expertBytes)
    {
        double rate = Rates.BurstBytesPerSecond, bytes = (double)misses * expertBytes, expert = Compute.ExpertSeconds;
        double window = Math.Max(0, Compute.BeforeSeconds - Compute.GuessSeconds);
        double ahead = PredictsReads && TransientSlots > 1
            ? Math.Min(Math.Min(bytes * GuessedShare, (TransientSlots - 1) * (double)expertBytes), window * rate)
            : 0;
        double before = Compute.BeforeSeconds + Stolen(ahead / GuessedShare), rest = bytes - ahead;
        // What is read at the same time ends at the same time: those experts are computed when nothing is left to hide behind them.
        double last = Math.Min(rest, Rates.ConcurrentBytes) / expertBytes * expert, others = Compute.BesideSeconds + (used * expert) - last;
        others += Stolen(Math.Min(rest, others * rate));
        return (before + Math.Max(others, rest / rate) + last, before + others + last);
    }

    /// <summary>A core that serves a read holds up the whole crew: its pieces of work are too short to be divided anew.</summary>
    private double Stolen(double bytes) => bytes * Rates.CpuSecondsPerByte;
}
