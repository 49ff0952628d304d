using LayerStream.Sampling;

namespace LayerStream.Session;

/// <summary>What a running generation tells: a piece of text, or how far the prompt is.</summary>
/// <param name="Text">Text to append, safe to show; null = progress.</param>
/// <param name="Done">Prompt tokens read.</param>
/// <param name="Total">Prompt tokens in all.</param>
/// <param name="LogProbabilities">Of the token the text came with; null unless asked for.</param>
/// <param name="IsEnd">The token is one that ends an answer, and no text of it.</param>
public readonly record struct GenerationEvent(string? Text, int Done = 0, int Total = 0, TokenLogProbabilities? LogProbabilities = null,
    bool IsEnd = false);
