using System.Diagnostics;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Chat completions, whole or as a stream.</summary>
internal static class ChatCompletionsEndpoint
{
    /// <summary>Answers one request. Refusals and failures are <see cref="ApiException"/>s or the engine's own exceptions.</summary>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        RequestGuard.RequireJson(http.Request);
        LoadedModel model = state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        memory.Grow(ReplySink.WindowBytes, "an answer");
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(http, memory, ChatPreparation.LimitBytes(model));
        using Admission.Place place = state.Admission.Enter();
        (ChatRequest request, int[] prompt) = await ChatPreparation.PrepareAsync(body, state, model, memory, http.RequestAborted);
        body = default;
        ChatJson json =
            new("chatcmpl-" + Guid.NewGuid().ToString("N"), model.Id, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), model.RequireTokenizer());
        using ChatWhole? whole = request.Stream ? null : new ChatWhole(json, request.LogProbs);
        AnswerShape shape = whole ?? (AnswerShape)new ChatStream(json, request.IncludeUsage == true);
        memory.Grow(AnswerBytes(request, prompt, model, shape, state.RequireMemory().LimitBytes), "the answer");
        using Activity? span = RequestSpan.Start(state.Metrics, model.Id, json.Id, request);
        Generation run = new(model, request.ToGeneration(prompt, model.Options) with { ReuseScope = RequestGuard.ScopeOf(http.Request) });
        await new AnswerRun(http, state, place, memory, shape).ExecuteAsync(run, span);
    }

    // What the answer holds until its end; of very long ones a share, which grows as they do.
    private static long AnswerBytes(ChatRequest request, int[] prompt, LoadedModel model, AnswerShape shape, long limitBytes)
    {
        long tokens = Math.Min(request.MaxTokens ?? int.MaxValue, model.Engine.Context - prompt.Length);
        return Math.Min(tokens * shape.HeldBytesPerToken, limitBytes / 8);
    }
}
