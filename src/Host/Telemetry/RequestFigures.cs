namespace LayerStream.Host.Telemetry;

/// <summary>What a finished request adds to the metrics. Times in seconds; a negative time is unknown.</summary>
internal sealed record RequestFigures
{
    /// <summary>The outcome of a request that failed.</summary>
    public const string ErrorOutcome = "error";

    public required string Outcome { get; init; }

    public required double Seconds { get; init; }

    /// <summary>What was asked for, in the words of the GenAI conventions.</summary>
    public string Operation { get; init; } = TelemetryNames.Chat;

    public required string Model { get; init; }

    public int PromptTokens { get; init; }

    public int ReusedTokens { get; init; }

    public int GeneratedTokens { get; init; }

    public double FirstTokenSeconds { get; init; } = -1;

    public double SecondsPerToken { get; init; } = -1;

    /// <summary>Seconds the passes behind the prompt waited, by reason.</summary>
    public IReadOnlyDictionary<string, double> StallSeconds { get; init; } = new Dictionary<string, double>();
}
