namespace LayerStream.Session.Reports;

/// <summary>An answer that a daemon gave, with the figures it tells: those of <see cref="RunReport"/> under their names.</summary>
public sealed record AnswerReport
{
    /// <summary>The answer.</summary>
    public required string Text { get; init; }

    /// <summary>The thought before it; null = there was none.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The model that answered.</summary>
    public required string Model { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the answer.</summary>
    public required int GeneratedTokens { get; init; }

    /// <summary>Time of reading the prompt.</summary>
    public required double PromptSeconds { get; init; }

    /// <summary>Time of the passes behind it.</summary>
    public required double DecodeSeconds { get; init; }

    /// <summary>What sweeps over the weights served.</summary>
    public SweepReport? Sweep { get; init; }

    /// <summary>Why it ended.</summary>
    public required string FinishReason { get; init; }
}
