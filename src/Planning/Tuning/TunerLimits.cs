namespace LayerStream.Planning.Tuning;

/// <summary>Within what the tuner moves.</summary>
/// <param name="MostDepth">Slots that were allocated, but for the one in use; at least 1.</param>
/// <param name="MostReads">Threads that read tiles; at least 1.</param>
public readonly record struct TunerLimits(int MostDepth, int MostReads)
{
    /// <summary>Bytes of weights that a slot without use holds, which then need no read; 0 = it holds nothing.</summary>
    public long HeldBytes { get; init; }

    /// <summary>Where the tuner begins when nothing was learnt: with all slots, the plan's own rule. With fewer a disk stands still
    /// whenever the thread that makes its reads waits for a core, and on a disk whose rate moves by itself a gain is hard to tell from
    /// chance.</summary>
    public TunerSetting Start => Within(WithAllReads(MostDepth));

    /// <summary>A depth with a read for each of its slots.</summary>
    public static TunerSetting WithAllReads(int depth) => new(depth, depth + 1);

    /// <summary>A setting brought within the limits.</summary>
    public TunerSetting Within(TunerSetting setting)
    {
        int depth = Math.Clamp(setting.Depth, 1, MostDepth);
        return new TunerSetting(depth, Math.Clamp(setting.Reads, 1, Math.Max(1, Math.Min(MostReads, depth + 1))));
    }
}
