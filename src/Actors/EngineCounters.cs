using System.Diagnostics;
using LayerStream.Actors.Tracing;

namespace LayerStream.Actors;

/// <summary>Totals since an engine started, and what its ring holds now: the figures of metrics.</summary>
public sealed record EngineCounters
{
    /// <summary>Seconds compute waited, by the number of its <see cref="StallReason"/>.</summary>
    public required IReadOnlyList<double> StallSeconds { get; init; }

    /// <summary>Seconds with at least one read running.</summary>
    public required double LoadBusySeconds { get; init; }

    /// <summary>Seconds in which reads could not begin because no slot was free.</summary>
    public required double LoadStallSeconds { get; init; }

    /// <summary>Seconds of arithmetic.</summary>
    public required double ComputeBusySeconds { get; init; }

    /// <summary>Seconds in which slots were being freed.</summary>
    public required double EvictBusySeconds { get; init; }

    /// <summary>Seconds in which eviction waited for something spent, while runs were active.</summary>
    public required double EvictStallSeconds { get; init; }

    /// <summary>Bytes that passes needed from the device: streamed tiles and missed experts.</summary>
    public required long DemandedBytes { get; init; }

    /// <summary>Tiles that compute came for and that were in memory: pinned, or read ahead.</summary>
    public required long TileHits { get; init; }

    /// <summary>Tiles whose read ran when compute came.</summary>
    public required long TilesInFlight { get; init; }

    /// <summary>Tiles whose read had not begun when compute came.</summary>
    public required long TileMisses { get; init; }

    /// <summary>Experts demanded whose read had been begun by a prediction.</summary>
    public required long ExpertsInFlight { get; init; }

    /// <summary>Slots that depth may reach.</summary>
    public required int DepthLimit { get; init; }

    /// <summary>Tiles that are read and wait for compute.</summary>
    public required int ReadyTiles { get; init; }

    /// <summary>Events recorded.</summary>
    public required long TraceEvents { get; init; }

    /// <summary>Of them, those that newer ones have replaced.</summary>
    public required long TraceReplaced { get; init; }

    internal static EngineCounters Of(EngineParts parts) => new()
    {
        StallSeconds = [.. parts.Account.WaitTicks.Select(Seconds)],
        LoadBusySeconds = parts.Reader.Activity.BusySeconds,
        LoadStallSeconds = Seconds(parts.Ring.Times.LoadStallTicks),
        ComputeBusySeconds = Seconds(parts.Account.ComputeTicks),
        EvictBusySeconds = Seconds(parts.Ring.Times.EvictBusyTicks),
        EvictStallSeconds = Seconds(parts.Ring.Times.EvictStallTicks),
        DemandedBytes = parts.Account.DemandedBytes,
        TileHits = parts.Account.TileHits,
        TilesInFlight = parts.Account.TilesInFlight,
        TileMisses = parts.Account.TileMisses,
        ExpertsInFlight = parts.Experts.Predicted.Claims,
        DepthLimit = Math.Max(0, parts.Ring.Slots - 1),
        ReadyTiles = parts.Ring.Loaded.Reader.Count,
        TraceEvents = parts.Trace.Added,
        TraceReplaced = Math.Max(0, parts.Trace.Added - parts.Trace.Capacity),
    };

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;
}
