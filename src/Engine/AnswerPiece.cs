namespace LayerStream.Engine;

/// <summary>What a piece of an answer is.</summary>
public enum AnswerPieceKind
{
    /// <summary>Text to append.</summary>
    Text,

    /// <summary>Text of the thought before the answer.</summary>
    Thought,

    /// <summary>A whole call of a tool.</summary>
    Call,

    /// <summary>The end, with figures; the last piece.</summary>
    End,
}

/// <summary>A piece of an answer as it comes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text; empty for calls and the end.</param>
public sealed record AnswerPiece(AnswerPieceKind Kind, string Text)
{
    /// <summary>The call.</summary>
    public ToolCall? Call { get; init; }

    /// <summary>The figures of the end.</summary>
    public AnswerFigures? Figures { get; init; }
}

/// <summary>What an answer took.</summary>
/// <param name="FinishReason">Why it ended: stop, length, tool_calls or cancelled.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedTokens">Of them, those that were in memory from before.</param>
/// <param name="GeneratedTokens">Tokens of the answer.</param>
/// <param name="PromptSeconds">Time of reading the prompt.</param>
/// <param name="DecodeSeconds">Time of the passes behind it.</param>
/// <param name="BytesStreamed">Bytes of weights read from flash.</param>
public sealed record AnswerFigures(
    string FinishReason, int PromptTokens, int CachedTokens, int GeneratedTokens, double PromptSeconds, double DecodeSeconds,
    long BytesStreamed);
