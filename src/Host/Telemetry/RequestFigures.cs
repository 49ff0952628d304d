namespace LayerStream.Host.Telemetry;

/// <summary>What a finished request adds to the metrics. Times in seconds; a negative time is unknown.</summary>
internal sealed record RequestFigures
{
    public required string Outcome { get; init; }

    public required double Seconds { get; init; }

    public int PromptTokens { get; init; }

    public int GeneratedTokens { get; init; }

    public double FirstTokenSeconds { get; init; } = -1;

    public double SecondsPerToken { get; init; } = -1;

    public long BytesStreamed { get; init; }

    public IReadOnlyDictionary<string, double> StallSeconds { get; init; } = new Dictionary<string, double>();
}
