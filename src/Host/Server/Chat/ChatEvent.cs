using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>What the compute thread tells the response: a piece of text, or how far the prompt is.</summary>
/// <param name="Text">Text to append; null = progress.</param>
/// <param name="Done">Prompt tokens read.</param>
/// <param name="Total">Prompt tokens in all.</param>
/// <param name="LogProbabilities">Of the token the text came with; null unless asked for.</param>
internal readonly record struct ChatEvent(string? Text, int Done, int Total, TokenLogProbabilities? LogProbabilities = null);
