using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Completions;

/// <summary>Members of a completion request.</summary>
internal static class CompletionParameters
{
    private const int UsualTokens = 16;

    /// <summary>The rows.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        ChatParameters.Does("model", "as in chat completions", (r, v, n) => r.Model = JsonFields.Text(v, n)),
        Does("prompt", "a text, token ids, or an array of either: each is answered", (r, v, n) => r.Prompts =
            Prompts(v, n, ChatRequest.MostChoices)),
        Does("suffix", "what comes behind the answer, where the model knows fill-in-the-middle; else refused",
            (r, v, n) => r.Suffix = JsonFields.Text(v, n) is { Length: > 0 } suffix ? suffix : null),
        Does("max_tokens", "1 and above; −1 = what the context holds; 16 unless said; 0 with `echo`", MaxTokens),
        .. SamplingParameters.Rows,
        Does("logprobs", "0 to 20 alternatives to each token", (r, v, n) =>
            (r.LogProbs, r.TopLogProbs) = (true, (int)JsonFields.Integer(v, n, 0, SamplingOptions.MostAlternatives))),
        Does("echo", "the answer begins with the prompt; with `logprobs` those of the prompt too", (r, v, n) =>
            r.Echo = JsonFields.Flag(v, n)),
        Does("n", "1 to 32 answers to each prompt, 32 in all", (r, v, n) => r.ChoicesPerPrompt =
            (int)JsonFields.Integer(v, n, 1, ChatRequest.MostChoices)),
        Does("best_of", "as `n`", (r, v, n) => r.BestOf = (int)JsonFields.Integer(v, n, 1, ChatRequest.MostChoices)),
        ChatParameters.Does("stop", "a text or up to 16", (r, v, n) => r.Stop = ParameterValues.Stops(v, n)),
        ChatParameters.Does("stream", "true or false", (r, v, n) => r.Stream = JsonFields.Flag(v, n)),
        ChatParameters.Does("stream_options", "`include_usage`; others are hints", ParameterValues.StreamOptions),
        ChatParameters.Does("ignore_eos", "true or false", (r, v, n) => r.IgnoreEos = JsonFields.Flag(v, n)),
        .. GrammarParameters.Rows,
        .. ParameterTable.Hints("user", "metadata", "store", "cache_prompt", "id_slot", "timings_per_token", "prompt_cache_key",
            "safety_identifier", "service_tier"),
        .. ParameterTable.Refusals("lora", "structured_outputs", "prompt_logprobs", "input_prefix", "input_suffix", "use_beam_search",
            "stop_token_ids", "include_stop_str_in_output"),
        .. SamplingParameters.Refused,
        ParameterTable.Refusal("add_special_tokens", new NeutralValues("true")),
        ParameterTable.Refusal("skip_special_tokens", new NeutralValues("true")),
    ];

    private static readonly ParameterTable s_table = new(Rows);

    /// <summary>Reads a body. Errors: as <see cref="ParameterTable.Read"/>.</summary>
    public static CompletionRequest Read(ReadOnlyMemory<byte> body, ServerState state, SamplingOptions defaults,
        RequestMemory.Holding memory)
    {
        CompletionRequest request = new() { Sampling = defaults, MaxTokens = UsualTokens };
        s_table.Read(request, body, memory, seen => CheckTogether(request, seen, state));
        return request;
    }

    private static void CheckTogether(CompletionRequest request, IReadOnlySet<string> seen, ServerState state)
    {
        if (!seen.Contains("prompt"))
        {
            throw ApiException.Invalid("prompt", "'prompt' is missing", "missing_parameter");
        }

        ModelNames.Require(request.Model, state);
        if (request.BestOf is { } best && best != request.ChoicesPerPrompt)
        {
            throw ApiException.Invalid("best_of", "this server does not support the parameter 'best_of' but with the value of 'n'",
                "unsupported_parameter");
        }

        request.Choices = request.Prompts.Count * request.ChoicesPerPrompt;
        if (request.Choices > ChatRequest.MostChoices)
        {
            throw ApiException.Invalid("n", $"prompts times 'n' may be {ChatRequest.MostChoices} at most", "out_of_range");
        }

        if (request.IsEchoOnly && !request.Echo)
        {
            throw ApiException.Invalid("max_tokens", "'max_tokens' may be 0 only with \"echo\": true", "out_of_range");
        }

        if (request.Suffix is not null && request.Prompts.Any(p => p.Text is null))
        {
            throw ApiException.Invalid("suffix", "'suffix' needs a prompt that is a text", "conflicting_parameters");
        }
    }

    private static void MaxTokens(CompletionRequest request, JsonElement value, string name)
    {
        request.IsEchoOnly = value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int none) && none == 0;
        request.MaxTokens = request.IsEchoOnly ? 1 : ChatParameters.MaxTokens(value, name);
    }

    /// <summary>A text, token ids, or an array of either.</summary>
    internal static CompletionPrompt[] Prompts(JsonElement value, string name, int most)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return [new CompletionPrompt(JsonFields.Text(value, name), null)];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            throw ApiException.Invalid(name, $"'{name}' must be a text, token ids, or an array of either", "invalid_type");
        }

        if (value[0].ValueKind == JsonValueKind.Number)
        {
            return [new CompletionPrompt(null, Ids(value, name))];
        }

        return value.GetArrayLength() > most
            ? throw ApiException.Invalid(name, $"'{name}' may hold at most {most} entries", "out_of_range")
            : [.. value.EnumerateArray().Select((p, i) => p.ValueKind == JsonValueKind.Array
                ? new CompletionPrompt(null, Ids(p, $"{name}[{i}]")) : new CompletionPrompt(JsonFields.Text(p, $"{name}[{i}]"), null))];
    }

    private static int[] Ids(JsonElement value, string name)
    {
        if (value.GetArrayLength() == 0)
        {
            throw ApiException.Invalid(name, $"'{name}' is empty", "empty_prompt");
        }

        return [.. value.EnumerateArray().Select((id, i) => (int)JsonFields.Integer(id, $"{name}[{i}]", 0, int.MaxValue))];
    }

    private static Parameter Does(string name, string note, Action<CompletionRequest, JsonElement, string> read) =>
        ChatParameters.Does(name, note, (r, v, n) => read((CompletionRequest)r, v, n));
}
