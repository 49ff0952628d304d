using System.Runtime.CompilerServices;
using LayerStream.Engine;
using Microsoft.Extensions.AI;

namespace LayerStream.Extensions.AI;

/// <summary>A chat client whose answers a model in this process gives. Any thread may use it; it does not own the model.</summary>
/// <param name="model">The model; outlives the client.</param>
public sealed class ModelChatClient(LanguageModel model) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("layerstream", null, model.Name);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A message or an option asks for what would change the answer and is not there.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">A message or an option asks for what would change the answer and is not there.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages,
        ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        AnswerRequest request = RequestMapping.Of(messages, options, model.Sampling);
        string id = Guid.NewGuid().ToString("N");
        DateTimeOffset created = DateTimeOffset.UtcNow;
        await foreach (AnswerPiece piece in model.AnswerAsync(request, cancellationToken))
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, Contents(piece))
            {
                ResponseId = id,
                MessageId = id,
                CreatedAt = created,
                ModelId = model.Name,
                FinishReason = piece.Figures is { } figures ? new ChatFinishReason(figures.FinishReason) : null,
                RawRepresentation = piece,
            };
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType == typeof(LanguageModel) ? model
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Does nothing: the model belongs to whoever loaded it.</summary>
    public void Dispose()
    {
    }

    private static List<AIContent> Contents(AnswerPiece piece) => piece switch
    {
        { Kind: AnswerPieceKind.Text } => [new TextContent(piece.Text)],
        { Kind: AnswerPieceKind.Thought } => [new TextReasoningContent(piece.Text)],
        { Call: { } call } => [FunctionCallContent.CreateFromParsedArguments(call.Arguments, call.Id, call.Name, ArgumentsJson.Read)],
        { Figures: { } figures } => [new UsageContent(Usage(figures))],
        _ => [],
    };

    private static UsageDetails Usage(AnswerFigures figures) => new()
    {
        InputTokenCount = figures.PromptTokens,
        OutputTokenCount = figures.GeneratedTokens,
        TotalTokenCount = figures.PromptTokens + figures.GeneratedTokens,
        CachedInputTokenCount = figures.CachedTokens,
    };
}
