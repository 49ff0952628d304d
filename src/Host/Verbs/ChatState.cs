using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary>What commands of a conversation act on.</summary>
internal sealed class ChatState
{
    /// <summary>The messages.</summary>
    public Conversation Conversation { get; } = new();

    /// <summary>How tokens are drawn.</summary>
    public required SamplingOptions Sampling { get; set; }

    /// <summary>Most tokens of an answer.</summary>
    public required int MaxTokens { get; set; }

    /// <summary>The figures of the last answer, for people; null before the first.</summary>
    public string? LastFigures { get; set; }

    /// <summary>A question that a command asks; null = none.</summary>
    public string? Question { get; set; }

    /// <summary>Whether the conversation has ended.</summary>
    public bool IsOver { get; set; }
}
