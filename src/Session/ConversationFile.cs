namespace LayerStream.Session;

/// <summary>A conversation on disk.</summary>
/// <param name="Messages">The messages in order.</param>
public sealed record ConversationFile(IReadOnlyList<ChatMessage> Messages);
