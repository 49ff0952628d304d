namespace LayerStream.Actors.Tracing;

/// <summary>A trace report as plain data for JSON.</summary>
public sealed record TraceFigures
{
    /// <summary>The first sentence of the report.</summary>
    public required string Summary { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Tokens that the decode passes of the trace made: more than passes where sequences share them or guesses held.</summary>
    public required int Tokens { get; init; }

    /// <summary>Decode passes in the trace.</summary>
    public required int DecodePasses { get; init; }

    /// <summary>Prompt passes in the trace.</summary>
    public required int Prompts { get; init; }

    /// <summary>Share of the wall time of all passes that events explain, 0 … 1.</summary>
    public required double AttributedShare { get; init; }

    /// <summary>(load + compute − wall) ÷ min(load, compute) over the decode passes, 0 … 1; 1 if nothing was loaded.</summary>
    public required double OverlapShare { get; init; }

    /// <summary>True if the disk works (nearly) all the time, so that no prefetch depth can help.</summary>
    public required bool DiskBound { get; init; }

    /// <summary>Tokens per second of the wall time of decode passes; 0 = none.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Prefetch depth when the trace was taken; 0 = not known.</summary>
    public required int PrefetchDepth { get; init; }

    /// <summary>Memory budget in bytes; 0 = not known.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>Measured rate of the device; 0 = not known.</summary>
    public required double DeviceBytesPerSecond { get; init; }

    /// <summary>Events the ring had dropped: older passes are missing.</summary>
    public required long Dropped { get; init; }

    /// <summary>Sums over the decode passes, as if they were one; null = there are none.</summary>
    public required PassFigures? Total { get; init; }

    /// <summary>Layers by the wait for their tiles, longest first.</summary>
    public required IReadOnlyList<LayerFigures> Layers { get; init; }

    /// <summary>Every request, in order of its end.</summary>
    public required IReadOnlyList<RequestTimes> Requests { get; init; }

    /// <summary>What people ask of a trace, answered.</summary>
    public required TraceAnswers Answers { get; init; }

    /// <summary>Every pass, in order.</summary>
    public required IReadOnlyList<PassFigures> Passes { get; init; }
}
