namespace LayerStream.Planning.Tuning;

/// <summary>Within what the tuner moves.</summary>
/// <param name="MostDepth">Slots that were allocated, but for the one in use; at least 1.</param>
/// <param name="MostReads">Threads that read tiles; at least 1.</param>
public readonly record struct TunerLimits(int MostDepth, int MostReads)
{
    /// <summary>Where the tuner begins when nothing was learnt: little, because growing is noticed at once and shrinking is not.</summary>
    public TunerSetting Start => Within(new TunerSetting(2, 2));

    /// <summary>A setting brought within the limits.</summary>
    public TunerSetting Within(TunerSetting setting)
    {
        int depth = Math.Clamp(setting.Depth, 1, MostDepth);
        return new TunerSetting(depth, Math.Clamp(setting.Reads, 1, Math.Max(1, Math.Min(MostReads, depth + 1))));
    }
}
