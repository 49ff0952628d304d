namespace LayerStream.Actors;

/// <summary>A snapshot of a running engine.</summary>
public sealed record EngineStatus
{
    public required bool Busy { get; init; }

    public required int FreeSlots { get; init; }

    public required int TotalSlots { get; init; }

    public required int InFlightReads { get; init; }

    public required long BytesRead { get; init; }

    public required double LoadSeconds { get; init; }

    public required double ComputeSeconds { get; init; }

    public required long Tokens { get; init; }

    public required int Depth { get; init; }
}
