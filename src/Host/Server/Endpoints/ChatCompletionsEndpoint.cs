using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Chat completions, whole or as a stream.</summary>
internal static class ChatCompletionsEndpoint
{
    /// <summary>Answers one request. Refusals and failures are <see cref="ApiException"/>s or the engine's own exceptions.</summary>
    public static Task HandleAsync(HttpContext http, ServerState state) => TranslatedAnswer.SendAsync(http, state, null, prepared =>
    {
        ChatJson json = new("chatcmpl-" + prepared.Id, prepared.ModelId, DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            prepared.Tokenizer);
        ChatRequest request = prepared.Request;
        List<byte[]> written = [.. Enumerable.Repeat(Array.Empty<byte>(), request.Choices)];
        return request.Stream
            ? new SeveralChoices(request.Choices, request.Choices,
                place => new ChatStream(json, prepared.Opening, request.IncludeUsage == true, place))
            : request.Choices == 1 ? new ChatWhole(json, prepared.Opening, request.LogProbs)
            : new SeveralChoices(request.Choices, request.Choices,
                place => new ChatChoice(json, prepared.Opening, request.LogProbs, place, written));
    });
}
