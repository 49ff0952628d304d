using LayerStream.Host.Terminal;

namespace LayerStream.Host.Verbs;

/// <summary>Who answers in a conversation: a model loaded here, or a daemon.</summary>
internal interface IChatPartner
{
    /// <summary>Asks; question and answer are remembered if there was an answer, a cut-off one included.</summary>
    /// <param name="question">The question.</param>
    /// <param name="screen">Shows the answer as it comes; null = nobody looks.</param>
    /// <param name="ct">Cuts the answer off.</param>
    Task<ChatAnswer> AskAsync(string question, AnswerScreen? screen, CancellationToken ct);
}

/// <summary>An answer that has ended.</summary>
/// <param name="Figures">Its figures, for people.</param>
/// <param name="WriteJson">Writes it with them, for programs.</param>
internal sealed record ChatAnswer(string Figures, Action WriteJson);
