namespace LayerStream.Planning.Tuning;

/// <summary>What the tuner of depth saw from its beginning on, as far as it is kept: enough to decide everything once more.</summary>
/// <param name="Limits">Within what it moved.</param>
/// <param name="Start">Where it began.</param>
/// <param name="Passes">The first passes, in order.</param>
public sealed record DepthHistory(TunerLimits Limits, TunerSetting Start, IReadOnlyList<TunedPass> Passes)
{
    /// <summary>The decisions that these passes lead to, the oldest first.</summary>
    public IReadOnlyList<TunerDecision> Replay()
    {
        PrefetchTuner tuner = new(Limits, Start);
        return [.. Passes.Select(p => tuner.Observe(p)).OfType<TunerDecision>()];
    }
}
