namespace LayerStream.Host.Remote;

/// <summary>An event of a daemon's stream, as far as it is of use here.</summary>
internal sealed record RemotePiece
{
    public string? Model { get; init; }

    public IReadOnlyList<RemoteChoice>? Choices { get; init; }

    public RemoteUsage? Usage { get; init; }

    public RemoteTimings? Timings { get; init; }

    public RemoteProgress? PromptProgress { get; init; }

    public RemoteError? Error { get; init; }
}

/// <summary>An answer of a piece.</summary>
internal sealed record RemoteChoice(RemoteDelta? Delta, string? FinishReason);

/// <summary>What is to be appended.</summary>
internal sealed record RemoteDelta(string? Content, string? ReasoningContent);

/// <summary>Tokens of an answer.</summary>
internal sealed record RemoteUsage(int PromptTokens, int CompletionTokens);

/// <summary>How far the prompt is.</summary>
internal sealed record RemoteProgress(int Total, int Processed);

/// <summary>What is wrong.</summary>
internal sealed record RemoteError(string? Message);

/// <summary>The body of a refusal.</summary>
internal sealed record RemoteRefusal(RemoteError? Error);

/// <summary>Times of an answer, milliseconds, and what sweeps served.</summary>
internal sealed record RemoteTimings
{
    public double PromptMs { get; init; }

    public double PredictedMs { get; init; }

    public int CacheN { get; init; }

    public int DraftN { get; init; }

    public int DraftNAccepted { get; init; }

    public long Passes { get; init; }

    public double RowsPerPass { get; init; }
}
