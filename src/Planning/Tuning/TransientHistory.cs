namespace LayerStream.Planning.Tuning;

/// <summary>What the tuner of transient slots saw from its beginning on, as far as it is kept: enough to decide everything once
/// more.</summary>
/// <param name="MostSlots">Slots that it might give to predicted reads; it began with all of them.</param>
/// <param name="Passes">The first passes, in order.</param>
public sealed record TransientHistory(int MostSlots, IReadOnlyList<AheadPass> Passes)
{
    /// <summary>The decisions that these passes lead to, the oldest first.</summary>
    public IReadOnlyList<TransientDecision> Replay()
    {
        TransientTuner tuner = new(MostSlots);
        return [.. Passes.Select(p => tuner.Observe(p)).OfType<TransientDecision>()];
    }
}
