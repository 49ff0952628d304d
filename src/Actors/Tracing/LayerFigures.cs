namespace LayerStream.Actors.Tracing;

/// <summary>Waits for the tiles of one layer over all decode passes.</summary>
public sealed record LayerFigures
{
    /// <summary>The layer; −1 = outside the layers.</summary>
    public required int Layer { get; init; }

    /// <summary>Wait for its tiles per decode pass, milliseconds.</summary>
    public required double StallMsPerToken { get; init; }

    /// <summary>The tile that was waited for longest.</summary>
    public required string TopTile { get; init; }

    /// <summary>Wait for that tile per decode pass, milliseconds.</summary>
    public required double TopTileMsPerToken { get; init; }

    /// <summary>The reason that cost most, for example <c>disk_demand</c>.</summary>
    public required string TopReason { get; init; }
}
