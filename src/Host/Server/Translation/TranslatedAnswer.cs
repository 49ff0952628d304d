using System.Diagnostics;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Tokenization;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Translation;

/// <summary>From a request of any chat protocol to its answer.</summary>
internal static class TranslatedAnswer
{
    /// <summary>What an answer's form may depend on.</summary>
    /// <param name="Request">The request; its trees are gone.</param>
    /// <param name="Opening">What the parser must know.</param>
    /// <param name="PromptTokens">Tokens of the prompt.</param>
    /// <param name="ModelId">The model's name.</param>
    /// <param name="Tokenizer">Its tokenizer.</param>
    /// <param name="Id">A new id, without a prefix.</param>
    internal sealed record Prepared(ChatRequest Request, AnswerOpening Opening, int PromptTokens, string ModelId,
        Tokenizer? Tokenizer, string Id);

    /// <summary>Answers. Refusals and failures are <see cref="ApiException"/>s or the engine's own exceptions.</summary>
    /// <param name="http">The request.</param>
    /// <param name="state">The daemon.</param>
    /// <param name="translate">The body as a chat completion request; null = it is one.</param>
    /// <param name="shape">The answer's form.</param>
    public static async Task SendAsync(HttpContext http, ServerState state,
        Func<ReadOnlyMemory<byte>, RequestMemory.Holding, ReadOnlyMemory<byte>>? translate, Func<Prepared, AnswerShape> shape)
    {
        RequestGuard.RequireJson(http.Request);
        LoadedModel model = state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        memory.Grow(ReplySink.WindowBytes, "an answer");
        ReadOnlyMemory<byte> body = await ReadAsync(http, memory, model, translate);
        using Admission.Place place = state.Enter(http);
        (ChatRequest request, int[] prompt, AnswerOpening opening) =
            await ChatPreparation.PrepareAsync(body, state, model, memory, http.RequestAborted);
        body = default;
        if (request.SkippedTools.Count > 0)
        {
            http.Response.Headers["x-layerstream-skipped-tools"] = string.Join(", ", request.SkippedTools.Distinct().Take(16));
        }

        if (request.LooseTools.Count > 0)
        {
            http.Response.Headers["x-layerstream-loose-tools"] = string.Join(", ",
                request.LooseTools.Take(16).Select(Uri.EscapeDataString));
        }

        Prepared prepared = new(request, opening, prompt.Length, model.Id, model.Tokenizer, Guid.NewGuid().ToString("N"));
        AnswerShape form = shape(prepared);
        using IDisposable? end = form as IDisposable;
        memory.Grow(AnswerBytes(request, prompt, model, form, state.RequireMemory().LimitBytes), "the answer");
        using Activity? span = RequestSpan.Start(state.Metrics, model.Id, prepared.Id, request);
        string scope = RequestGuard.ScopeOf(http.Request);
        Generation[] runs = [.. Enumerable.Range(0, request.Choices).Select(i => new Generation(model,
            request.ToGeneration(prompt, model.Options, model.MarkTokens, i) with
            {
                ReuseScope = scope,
                IsBackground = place.IsBackground,
            }))];
        await new AnswerRun(http, state, place, memory, form).ExecuteAsync(runs, span);
    }

    /// <summary>Tokens of the prompt that a request would have.</summary>
    public static async Task<int> CountAsync(HttpContext http, ServerState state,
        Func<ReadOnlyMemory<byte>, RequestMemory.Holding, ReadOnlyMemory<byte>> translate)
    {
        RequestGuard.RequireJson(http.Request);
        LoadedModel model = state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        ReadOnlyMemory<byte> body = await ReadAsync(http, memory, model, translate);
        (_, int[] prompt, _) = await ChatPreparation.PrepareAsync(body, state, model, memory, http.RequestAborted);
        return prompt.Length;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext http, RequestMemory.Holding memory, LoadedModel model,
        Func<ReadOnlyMemory<byte>, RequestMemory.Holding, ReadOnlyMemory<byte>>? translate)
    {
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(http, memory, ChatPreparation.LimitBytes(model));
        if (translate is null)
        {
            return body;
        }

        long before = memory.Bytes;
        memory.Grow((long)body.Length * RequestTranslation.WorkBytesPerByte, "the request");
        ReadOnlyMemory<byte> translated = translate(body, memory);
        memory.ShrinkTo(before + translated.Length);
        return translated;
    }

    // What the answer holds until its end; of very long ones a share, which grows as they do.
    private static long AnswerBytes(ChatRequest request, int[] prompt, LoadedModel model, AnswerShape shape, long limitBytes)
    {
        long tokens = Math.Min(request.MaxTokens ?? int.MaxValue, model.Engine.Context - prompt.Length);
        return Math.Min(tokens * shape.HeldBytesPerToken, limitBytes / 8);
    }
}
