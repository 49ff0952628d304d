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
    /// <param name="Id">The id of the request, without a prefix.</param>
    internal sealed record Prepared(ChatRequest Request, AnswerOpening Opening, int PromptTokens, string ModelId,
        Tokenizer? Tokenizer, string Id);

    /// <summary>Makes a checked request and its prompt of a body. Errors: as <see cref="ChatPreparation.PrepareAsync"/>.</summary>
    internal delegate Task<(ChatRequest Request, int[] Prompt, AnswerOpening Opening)> PreparePrompt(
        ReadOnlyMemory<byte> body, ServerState state, LoadedModel model, RequestMemory.Holding memory, CancellationToken ct);

    /// <summary>Answers. Refusals and failures are <see cref="ApiException"/>s or the engine's own exceptions.</summary>
    /// <param name="http">The request.</param>
    /// <param name="state">The daemon.</param>
    /// <param name="translate">The body as a chat completion request; null = it is one.</param>
    /// <param name="shape">The answer's form.</param>
    /// <param name="form">How the client is kept until its model is loaded; null = as the OpenAI API does.</param>
    /// <param name="see">Sees the body before its model is waited for; may throw.</param>
    /// <param name="prepare">Makes a prompt of the translated body; null = by the chat template.</param>
    public static async Task SendAsync(HttpContext http, ServerState state,
        Func<ReadOnlyMemory<byte>, RequestMemory.Holding, ReadOnlyMemory<byte>>? translate, Func<Prepared, AnswerShape> shape,
        Func<RequestHead, WaitingForm>? form = null, Action<ReadOnlyMemory<byte>>? see = null,
        PreparePrompt? prepare = null)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, ChatPreparation.LimitBytes, form ?? WaitingForm.OpenAi, see);
        (LoadedModel model, RequestMemory.Holding memory) = (asked.Model, asked.Memory);
        ReadOnlyMemory<byte> body = Translated(asked, translate);
        using Admission.Place place = state.Enter(http, asked.HasWaited);
        (ChatRequest request, int[] prompt, AnswerOpening opening) =
            await (prepare ?? ChatPreparation.PrepareAsync)(body, state, model, memory, http.RequestAborted);
        body = default;
        if (asked.Sink is null && request.SkippedTools.Count > 0)
        {
            http.Response.Headers["x-layerstream-skipped-tools"] = string.Join(", ", request.SkippedTools.Distinct().Take(16));
        }

        if (asked.Sink is null && request.LooseTools.Count > 0)
        {
            http.Response.Headers["x-layerstream-loose-tools"] = string.Join(", ",
                request.LooseTools.Take(16).Select(Uri.EscapeDataString));
        }

        string id = asked.Served.Id;
        Prepared prepared = new(request, opening, prompt.Length, id, model.Tokenizer, place.Id);
        AnswerShape answer = shape(prepared);
        using IDisposable? end = answer as IDisposable;
        memory.Grow(AnswerBytes(request, prompt, model, answer, asked.Served.Memory.LimitBytes), "the answer");
        using Activity? span = RequestSpan.Start(state.Metrics, id, prepared.Id, request);
        string scope = RequestGuard.ScopeOf(http.Request);
        Generation[] runs = [.. Enumerable.Range(0, request.Choices).Select(i => new Generation(model,
            request.ToGeneration(prompt, model.Options, model.MarkTokens, i) with
            {
                ReuseScope = scope,
                IsBackground = place.IsBackground,
            }))];
        await new AnswerRun(http, state, place, memory, answer).ExecuteAsync(runs, span);
    }

    /// <summary>Tokens of the prompt that a request would have.</summary>
    public static async Task<int> CountAsync(HttpContext http, ServerState state,
        Func<ReadOnlyMemory<byte>, RequestMemory.Holding, ReadOnlyMemory<byte>> translate)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, ChatPreparation.LimitBytes, null);
        ReadOnlyMemory<byte> body = Translated(asked, translate);
        (_, int[] prompt, _) = await ChatPreparation.PrepareAsync(body, state, asked.Model, asked.Memory, http.RequestAborted);
        return prompt.Length;
    }

    private static ReadOnlyMemory<byte> Translated(ModelRequest asked,
        Func<ReadOnlyMemory<byte>, RequestMemory.Holding, ReadOnlyMemory<byte>>? translate)
    {
        ReadOnlyMemory<byte> body = asked.TakeBody();
        RequestMemory.Holding memory = asked.Memory;
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
        return shape.HeldBytes + Math.Min(tokens * shape.HeldBytesPerToken, limitBytes / 8);
    }
}
