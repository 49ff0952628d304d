using LayerStream.Host.Server.Chat;

namespace LayerStream.Host.Server.Completions;

/// <summary>A completion request after its checks.</summary>
internal sealed class CompletionRequest : ChatRequest
{
    /// <summary>Prompts: texts or token ids.</summary>
    public IReadOnlyList<CompletionPrompt> Prompts { get; set; } = [];

    /// <summary>What comes behind the gap that is to be filled, or null.</summary>
    public string? Suffix { get; set; }

    /// <summary>Whether the answer begins with the prompt.</summary>
    public bool Echo { get; set; }

    /// <summary>Whether only the prompt is asked for, with its log-probabilities.</summary>
    public bool IsEchoOnly { get; set; }

    /// <summary>How many of the answers the client wants to see the best of; null = not said.</summary>
    public int? BestOf { get; set; }

    /// <summary>Answers to each prompt.</summary>
    public int ChoicesPerPrompt { get; set; } = 1;
}

/// <summary>A prompt as it was sent.</summary>
/// <param name="Text">The text, or null.</param>
/// <param name="Ids">Its token ids, or null.</param>
internal sealed record CompletionPrompt(string? Text, int[]? Ids);
