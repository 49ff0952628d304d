namespace LayerStream.Actors.Tracing;

/// <summary>Where the wall time of one pass went. Times in milliseconds; every field is plain data for JSON.</summary>
public sealed record PassFigures
{
    /// <summary>Number of the pass.</summary>
    public required int Pass { get; init; }

    /// <summary><c>token</c> (a decode pass with sampling) or <c>prompt</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Tokens that were drawn behind it: one for each sequence, more where guesses held.</summary>
    public required int Tokens { get; init; }

    /// <summary>Wall time; = compute + sample + all stalls + unattributed.</summary>
    public required double WallMs { get; init; }

    /// <summary>Arithmetic on tiles, on the compute thread.</summary>
    public required double ComputeMs { get; init; }

    /// <summary>Choosing the token.</summary>
    public required double SampleMs { get; init; }

    /// <summary>Waits by reason; only reasons that occurred.</summary>
    public required IReadOnlyDictionary<string, double> StallMs { get; init; }

    /// <summary>Wall time that no event explains.</summary>
    public required double UnattributedMs { get; init; }

    /// <summary>Time with at least one read in flight.</summary>
    public required double LoadMs { get; init; }

    /// <summary>Bytes that arrived in the pass (a read across its border counts in part).</summary>
    public required double LoadedBytes { get; init; }

    /// <summary>Experts the pass computed.</summary>
    public int Experts { get; init; }

    /// <summary>Of them, read for it.</summary>
    public int ExpertMisses { get; init; }

    /// <summary>Bytes of experts whose reads ended in the pass and began before they were demanded.</summary>
    public long PredictedBytes { get; init; }

    /// <summary>Of all predicted bytes, those read for nothing: given up in the pass.</summary>
    public long PredictedBytesWasted { get; init; }

    /// <summary>Loaded bytes per second as a share of what the device was measured to give; null = not known.</summary>
    public required double? DeviceShare { get; init; }

    /// <summary>What sets the pace: <c>disk</c>, <c>compute</c> or a stall reason.</summary>
    public required string BoundBy { get; init; }

    /// <summary>The tile with the longest wait for the disk; null = none.</summary>
    public required string? TopStallTile { get; init; }

    /// <summary>Reason of that wait.</summary>
    public required string? TopStallReason { get; init; }
}
