namespace LayerStream.Session.Reports;

/// <summary>What <c>tune</c> measured, and what to set.</summary>
public sealed record TuningReport
{
    /// <summary>The settings; the first is what was given.</summary>
    public required IReadOnlyList<SettingReport> Rows { get; init; }

    /// <summary>Tiles loaded ahead, as given.</summary>
    public required int PrefetchDepth { get; init; }

    /// <summary>Reads in flight at most, as given.</summary>
    public required int ReadsInFlight { get; init; }

    /// <summary>Slots for experts that pass through, as given.</summary>
    public required int TransientSlots { get; init; }

    /// <summary>Tiles loaded ahead that the tuner found best; null = it has not come to an end, or there is none.</summary>
    public int? TunedDepth { get; init; }

    /// <summary>Reads of tiles at the same time that it found best; null as above.</summary>
    public int? TunedReads { get; init; }

    /// <summary>Options to set; empty = none.</summary>
    public required string Recommended { get; init; }

    /// <summary>What sets the pace, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>Seconds with reads in flight, of decode passes.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Seconds of arithmetic, of decode passes.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>How much of the shorter of load and compute lay under the other, 0 to 1.</summary>
    public required double OverlapShare { get; init; }

    /// <summary>Seconds that compute waited, by reason.</summary>
    public required IReadOnlyDictionary<string, double> StallSeconds { get; init; }
}

/// <summary>A measured setting.</summary>
/// <param name="Setting">Its options; empty = as given.</param>
public sealed record SettingReport(string Setting)
{
    /// <summary>Why it could not be measured.</summary>
    public string? Gap { get; init; }

    /// <summary>Decode speed.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Speed ÷ speed of what was given.</summary>
    public double? Ratio { get; init; }

    /// <summary>Standard error of the ratio; null when it was measured once.</summary>
    public double? StandardError { get; init; }
}
