using System.Diagnostics;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Completions of prompts without a chat template, whole or as a stream.</summary>
internal static class CompletionsEndpoint
{
    /// <summary>Answers one request. Refusals and failures are <see cref="ApiException"/>s or the engine's own exceptions.</summary>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, CompletionPreparation.LimitBytes, WaitingForm.OpenAi);
        (LoadedModel model, RequestMemory.Holding memory, string id) = (asked.Model, asked.Memory, asked.Served.Id);
        ReadOnlyMemory<byte> body = asked.TakeBody();
        using Admission.Place place = state.Enter(http, asked.HasWaited);
        (CompletionRequest request, int[][] prompts) =
            await CompletionPreparation.PrepareAsync(body, state, model, memory, http.RequestAborted);
        body = default;
        int each = request.ChoicesPerPrompt;
        CompletionEcho[] echoes = [.. prompts.Select((p, i) =>
            new CompletionEcho(p, request.Echo ? CompletionPreparation.EchoText(request.Prompts[i], model) : ""))];
        CompletionJson form = new("cmpl-" + place.Id, id, DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            model.Tokenizer);
        List<byte[]> written = [.. Enumerable.Repeat(Array.Empty<byte>(), request.Choices)];
        using SeveralChoices shape = new(request.Choices, each,
            at => new CompletionShape(form, request, at, echoes[at.Index / each], written));
        long tokens = Math.Min(request.MaxTokens ?? int.MaxValue, model.Engine.Context);
        memory.Grow(Math.Min(tokens * shape.HeldBytesPerToken, asked.Served.Memory.LimitBytes / 8), "the answer");
        using Activity? span = RequestSpan.Start(state.Metrics, id, form.Id, request);
        string scope = RequestGuard.ScopeOf(http.Request);
        Generation[] runs = [.. Enumerable.Range(0, request.Choices).Select(i => new Generation(model,
            request.ToGeneration(prompts[i / each], model.Options, null, i % each) with
            {
                ReuseScope = scope,
                IsBackground = place.IsBackground,
            }))];
        bool readsEcho = request is { Echo: true, LogProbs: true };
        await new AnswerRun(http, state, place, memory, shape).ExecuteAsync(runs, span, readsEcho ? ReadAsync : null);

        async Task ReadAsync(CancellationToken ct)
        {
            foreach (CompletionEcho echo in echoes)
            {
                await echo.ReadAsync(model, request.TopLogProbs ?? 0, ct);
            }
        }
    }
}
