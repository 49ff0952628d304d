using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Host.Server.Completions;

/// <summary>Body → checked request and prompts as ids.</summary>
internal static class CompletionPreparation
{
    /// <summary>Longest body: of as many prompts as there may be.</summary>
    public static long LimitBytes(LoadedModel model) => ChatPreparation.LimitBytes(model) * ChatRequest.MostChoices;

    /// <summary>Checks the request and encodes its prompts; afterwards <paramref name="memory"/> holds the prompts only.</summary>
    /// <exception cref="ApiException">400 for whatever is wrong with the request; 413 or 429 when the work does not fit.</exception>
    public static Task<(CompletionRequest Request, int[][] Prompts)> PrepareAsync(ReadOnlyMemory<byte> body, ServerState state,
        LoadedModel model, RequestMemory.Holding memory, CancellationToken ct)
    {
        return state.PrepareAsync(() =>
        {
            using CompletionRequest request = CompletionParameters.Read(body, state, model.Options.Sampling, memory);
            memory.Grow(request.TextBytes * ChatPreparation.WorkBytesPerByte, "the prompt");
            long grammarBytes = request.Grammar is null ? 0 : Grammar.HeldBytes * request.Choices;
            memory.Grow(grammarBytes, "the grammar of the answer");
            int[][] prompts = [.. request.Prompts.Select((p, i) =>
                Encode(p, request.Suffix, model, request.Prompts.Count > 1 ? $"prompt[{i}]" : "prompt"))];
            memory.ShrinkTo(ReplySink.WindowBytes + ((long)prompts.Sum(p => p.Length) * ChatPreparation.BytesPerId) + grammarBytes);
            if (request is { Echo: true, LogProbs: true })
            {
                memory.Grow(CompletionEcho.HeldBytes(prompts.Sum(p => p.Length), request.TopLogProbs ?? 0), "the prompt's tokens");
            }

            return (request, prompts);
        }, ct);
    }

    /// <summary>The same for a request of one prompt, whose answer is all text.</summary>
    /// <exception cref="ApiException">As <see cref="PrepareAsync"/>.</exception>
    public static async Task<(ChatRequest Request, int[] Prompt, AnswerOpening Opening)> PrepareOneAsync(ReadOnlyMemory<byte> body,
        ServerState state, LoadedModel model, RequestMemory.Holding memory, CancellationToken ct)
    {
        (CompletionRequest request, int[][] prompts) = await PrepareAsync(body, state, model, memory, ct);
        return (request, prompts.Single(), AnswerOpening.Plain);
    }

    /// <summary>The prompt as it is repeated.</summary>
    public static string EchoText(CompletionPrompt prompt, LoadedModel model) =>
        prompt.Text ?? model.Tokenizer?.Decode(prompt.Ids!, special: true) ?? "";

    private static int[] Encode(CompletionPrompt prompt, string? suffix, LoadedModel model, string name)
    {
        if (prompt.Ids is { } given)
        {
            return Fitting(Known(given, model, name), model, name);
        }

        Tokenizer tokenizer = model.RequireTokenizer();
        string text = prompt.Text!;
        if (text.Length + (suffix?.Length ?? 0) > (long)model.Engine.Context * model.LongestTokenBytes)
        {
            throw ChatPreparation.TooLong($"{text.Length} characters", model, "prompt");
        }

        int[] ids = tokenizer.Encode(text, addSpecial: false, parseSpecial: true);
        if (suffix is not null)
        {
            FillTokens fill = tokenizer.Fill ?? throw ApiException.Invalid("suffix",
                "this server does not support the parameter 'suffix' with this model: its vocabulary has no tokens for fill-in-the-middle",
                "unsupported_parameter");
            ids = [fill.Prefix, .. ids, fill.Suffix, .. tokenizer.Encode(suffix, addSpecial: false, parseSpecial: true), fill.Middle];
        }

        ids = ChatPrompt.WithBos(tokenizer, ids);
        return ids.Length > 0 ? Fitting(ids, model, name) : throw ApiException.Invalid(name, $"'{name}' is empty", "empty_prompt");
    }

    /// <summary>Refuses ids that are no tokens of the model.</summary>
    internal static int[] Known(int[] ids, LoadedModel model, string name)
    {
        int vocabulary = model.Engine.Spec.Vocabulary;
        int wrong = Array.FindIndex(ids, id => id >= vocabulary);
        return wrong < 0 ? ids : throw ApiException.Invalid($"{name}[{wrong}]",
            $"'{name}[{wrong}]' is no token of this model: ids are below {vocabulary}", "token_out_of_range");
    }

    /// <summary>Refuses prompts that leave no room for an answer.</summary>
    internal static int[] Fitting(int[] ids, LoadedModel model, string name) =>
        ids.Length < model.Engine.Context ? ids : throw ChatPreparation.TooLong($"{ids.Length} tokens", model, name);
}
