using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>Members of a chat completion request: each is honoured, a hint, or refused by name.</summary>
internal static class ChatParameters
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        Does("model", "any spelling of the served model's name: case, `:latest`, `OWNER/NAME`, `default`, empty", (r, v, n) => r.Model =
            JsonFields.Text(v, n)),
        Does("messages", "roles system, developer, user, assistant, tool; content as text or text parts", (r, v, _) => r.Messages =
            ChatMessages.Check(v)),
        Does("max_tokens", "1 and above; −1 = what the context holds", Limit),
        Does("max_completion_tokens", "as `max_tokens`; both only with the same value", Limit),
        Does("n_predict", "the same", Limit),
        .. SamplingParameters.Rows,
        Does("logprobs", "true or false", (r, v, n) => r.LogProbs = JsonFields.Flag(v, n)),
        Does("top_logprobs", "0 to 20; above 0 needs `logprobs`", (r, v, n) => r.TopLogProbs =
            (int)JsonFields.Integer(v, n, 0, SamplingOptions.MostAlternatives)),
        Does("stop", "a text or up to 16", (r, v, n) => r.Stop = ParameterValues.Stops(v, n)),
        Does("stream", "true or false", (r, v, n) => r.Stream = JsonFields.Flag(v, n)),
        Does("stream_options", "`include_usage`; others are hints", ParameterValues.StreamOptions),
        Does("return_progress", "events while the prompt is read; needs `stream`", (r, v, n) => r.ReturnProgress = JsonFields.Flag(v, n)),
        Does("ignore_eos", "true or false", (r, v, n) => r.IgnoreEos = JsonFields.Flag(v, n)),
        Does("chat_template_kwargs", "variables of the chat template", (r, v, n) => r.TemplateVariables =
            ParameterValues.TemplateVariables(v, n)),
        Does("add_generation_prompt", "false only with `continue_final_message`", (r, v, n) => r.OpensAnswer = JsonFields.Flag(v, n)),
        Does("continue_final_message", "the answer goes on inside the last message, which is the assistant's", (r, v, n) =>
            r.ContinuesFinal = JsonFields.Flag(v, n)),
        Does("n", "1 to 32: so many answers, each as it would come alone with a seed of its own", (r, v, n) => r.Choices =
            (int)JsonFields.Integer(v, n, 1, ChatRequest.MostChoices)),
        Does("tools", "functions, `strict` ones with arguments that meet their schema; tools of other types are left out and named in the "
            + "header `x-layerstream-skipped-tools`",
            ToolMembers.Read),
        Does("tool_choice", "none, auto, required, or a function: the answer begins with the opening of its call, and arguments meet "
            + "their schema; `allowed_tools` = as if there were no others", ToolMembers.ReadChoice),
        Does("parallel_tool_calls", "false = one call at most", (r, v, n) => r.AllowsSeveralCalls = JsonFields.Flag(v, n)),
        .. ThoughtParameters.Rows,
        .. GrammarParameters.Rows,
        Does("modalities", "`[\"text\"]`", ParameterValues.Modalities),
        .. ParameterTable.Hints("user", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention",
            "safety_identifier", "verbosity", "cache_prompt", "id_slot", "keep_alive", "prediction", "moderation", "timings_per_token",
            "tags", "extra_headers", "usage", "provider", "cache_salt", "request_id", "priority"),
        .. ParameterTable.Refusals("functions", "audio", "web_search_options", "structured_outputs", "echo", "suffix", "lora",
            "use_beam_search", "stop_token_ids", "include_stop_str_in_output", "safe_prompt", "samplers", "post_sampling_probs"),
        ParameterTable.Refusal("function_call", NeutralValues.UsualAnd("\"none\"", "\"auto\"")),
        ParameterTable.Refusal("best_of", NeutralValues.UsualAnd("1")),
        .. SamplingParameters.Refused,
        ParameterTable.Refusal("skip_special_tokens", new NeutralValues("true")),
        ParameterTable.Refusal("include_reasoning", new NeutralValues("true")),
        ParameterTable.Refusal("reasoning_format", NeutralValues.UsualAnd("\"auto\"", "\"deepseek\"")),
    ];

    private static readonly ParameterTable s_table = new(Rows);

    /// <summary>Reads a body. Errors: as <see cref="ParameterTable.Read"/>.</summary>
    public static ChatRequest Read(ReadOnlyMemory<byte> body, ServerState state, SamplingOptions defaults, RequestMemory.Holding memory)
    {
        ChatRequest request = new() { Sampling = defaults };
        s_table.Read(request, body, memory, seen => CheckTogether(request, seen, state, memory));
        return request;
    }

    private static void CheckTogether(
        ChatRequest request, IReadOnlySet<string> seen, ServerState state, RequestMemory.Holding memory)
    {
        if (!seen.Contains("messages"))
        {
            throw ApiException.Invalid("messages", "'messages' is missing", "missing_parameter");
        }

        request.Messages = ChatHistory.Plain(request.Messages, memory);
        ModelNames.Require(request.Model, state);
        if (request.TopLogProbs > 0 && !request.LogProbs)
        {
            throw ApiException.Invalid("top_logprobs", "'top_logprobs' needs \"logprobs\": true", "conflicting_parameters");
        }

        if (request.ReturnProgress && !request.Stream)
        {
            throw ApiException.Invalid("return_progress", "'return_progress' needs \"stream\": true", "conflicting_parameters");
        }

        ToolMembers.CheckTogether(request);

        ContinuedMessage.Check(request);
    }

    // Several names for the same, which some clients give side by side.
    private static void Limit(ChatRequest request, JsonElement value, string name)
    {
        int? tokens = MaxTokens(value, name);
        if (request.LimitName is { } other && request.MaxTokens != tokens)
        {
            throw ApiException.Invalid(name, $"'{other}' and '{name}' say different things", "conflicting_parameters");
        }

        (request.MaxTokens, request.LimitName) = (tokens, name);
    }

    internal static int? MaxTokens(JsonElement value, string name)
    {
        long given = JsonFields.Integer(value, name, -1, int.MaxValue);
        return given switch
        {
            -1 => null,
            0 => throw ApiException.Invalid(name, $"'{name}' must be −1 or between 1 and {int.MaxValue}", "out_of_range"),
            _ => (int)given,
        };
    }

    internal static Parameter Does(string name, string note, Action<ChatRequest, JsonElement, string> read) =>
        new(name, ParameterUse.Honoured, note, read);
}
