namespace LayerStream.Actors.Tracing;

/// <summary>Two traces compared, as plain data for JSON. Times are milliseconds of an average token, or of a pass over a
/// prompt.</summary>
public sealed record TraceDiffFigures
{
    /// <summary>The first sentence: how much slower or faster, and the stage that is most of it.</summary>
    public required string Summary { get; init; }

    /// <summary>What model, budget and depth were in both runs, where they are not the same: a sentence part each.</summary>
    public required IReadOnlyList<string> Differences { get; init; }

    /// <summary><c>token</c> or <c>prompt</c> (a pass over one).</summary>
    public required string Kind { get; init; }

    /// <summary>Wall time before.</summary>
    public required double BeforeMs { get; init; }

    /// <summary>Wall time after.</summary>
    public required double AfterMs { get; init; }

    /// <summary>Bytes read before.</summary>
    public required double BeforeBytes { get; init; }

    /// <summary>Bytes read after.</summary>
    public required double AfterBytes { get; init; }

    /// <summary>Stages, the largest change first; their changes add up to that of the wall time.</summary>
    public required IReadOnlyList<StageChange> Stages { get; init; }

    /// <summary>Waits by layer, the largest change first.</summary>
    public required IReadOnlyList<LayerChange> Layers { get; init; }
}

/// <summary>One stage of a pass in two traces.</summary>
public sealed record StageChange
{
    /// <summary>Name, as in the report of one trace.</summary>
    public required string Stage { get; init; }

    /// <summary>Milliseconds before.</summary>
    public required double BeforeMs { get; init; }

    /// <summary>Milliseconds after.</summary>
    public required double AfterMs { get; init; }

    /// <summary>Part of the whole change; negative where the stage went the other way.</summary>
    public required double Share { get; init; }
}

/// <summary>Waits for one layer's tiles in two traces.</summary>
public sealed record LayerChange
{
    /// <summary>Layer; −1 = outside the layers.</summary>
    public required int Layer { get; init; }

    /// <summary>Milliseconds before.</summary>
    public required double BeforeMs { get; init; }

    /// <summary>Milliseconds after.</summary>
    public required double AfterMs { get; init; }
}
