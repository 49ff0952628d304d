using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Tokenization;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Embeddings;

/// <summary>From a request for embeddings to its answer.</summary>
internal static class EmbeddingAnswer
{
    private const int BytesPerValue = 24; // of a vector: the value, and its text

    /// <summary>Answers one request.</summary>
    /// <exception cref="ApiException">501: the model is not made for it; else what is wrong with the request.</exception>
    public static async Task SendAsync(HttpContext http, ServerState state, EmbeddingForm form)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, _ => RequestBody.MostBytes,
            _ => WaitingForm.Whole(form.Error));
        (LoadedModel model, RequestMemory.Holding memory) = (asked.Model, asked.Memory);
        if (!TextEmbedding.IsMadeFor(model.Engine.Spec))
        {
            throw new ApiException(501, "invalid_request_error",
                $"'{state.ModelId}' is a model that writes text, and none that makes embeddings: its file names no way to pool them",
                "embeddings_not_supported", "model");
        }

        ReadOnlyMemory<byte> body = asked.TakeBody();
        using Admission.Place place = state.Enter(http, asked.HasWaited);
        (EmbeddingRequest request, int[][] inputs) = await PrepareAsync(body, state, model, form, memory, http.RequestAborted);
        body = default;
        WrittenShape shape = new(form.Error);
        await new AnswerRun(http, state, place, memory, shape).ExecuteAsync([], null, async ct =>
        {
            List<float[]> vectors = [];
            foreach (int[] input in inputs)
            {
                vectors.Add(await TextEmbedding.OfAsync(model, input, request.Dimensions, ct));
            }

            shape.Write(json => form.Write(json, request, vectors, asked.Served.Id, inputs.Sum(i => i.Length)));
        });
    }

    private static Task<(EmbeddingRequest Request, int[][] Inputs)> PrepareAsync(ReadOnlyMemory<byte> body, ServerState state,
        LoadedModel model, EmbeddingForm form, RequestMemory.Holding memory, CancellationToken ct)
    {
        return state.PrepareAsync(() =>
        {
            using EmbeddingRequest request = new() { Truncates = form.Truncates };
            form.Rows.Read(request, body, memory, _ => Check(request, state, model));
            memory.Grow(request.TextBytes * ChatPreparation.WorkBytesPerByte, "the texts");
            int[][] inputs = [.. request.Inputs.Select((input, i) =>
                Encode(input, model, request.Truncates, request.Inputs.Count > 1 ? $"input[{i}]" : "input"))];
            int width = request.Dimensions == 0 ? model.Engine.Spec.Width : request.Dimensions;
            memory.ShrinkTo(ReplySink.WindowBytes + ((long)inputs.Sum(i => i.Length) * ChatPreparation.BytesPerId));
            memory.Grow((long)inputs.Length * width * BytesPerValue, "the vectors");
            return (request, inputs);
        }, ct);
    }

    private static void Check(EmbeddingRequest request, ServerState state, LoadedModel model)
    {
        ModelNames.Require(request.Model, state);
        if (request.Inputs.Count == 0)
        {
            throw ApiException.Invalid("input", "'input' is missing", "missing_parameter");
        }

        if (request.Dimensions > model.Engine.Spec.Width)
        {
            throw ApiException.Invalid("dimensions", $"'dimensions' must be between 1 and {model.Engine.Spec.Width}", "out_of_range");
        }
    }

    private static int[] Encode(CompletionPrompt input, LoadedModel model, bool truncates, string name)
    {
        int context = model.Engine.Context;
        if (input.Ids is { } given)
        {
            return CompletionPreparation.Fitting(CompletionPreparation.Known(given, model, name), model, name);
        }

        string text = input.Text!;
        long most = (long)context * model.LongestTokenBytes;
        if (text.Length > most)
        {
            text = truncates ? text[..(int)most] : throw ChatPreparation.TooLong($"{text.Length} characters", model, name);
        }

        Tokenizer tokenizer = model.RequireTokenizer();
        int[] ids = text.Length > 0 ? tokenizer.Encode(text, addSpecial: true, parseSpecial: false)
            : throw ApiException.Invalid(name, $"'{name}' is empty", "empty_prompt");
        if (ids.Length >= context && truncates)
        {
            int end = ids[^1];
            ids = ids[..(context - 1)];
            ids[^1] = tokenizer.AddEos ? end : ids[^1];
        }

        return CompletionPreparation.Fitting(ids, model, name);
    }
}
