using System.Globalization;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>The table of request members: each is honoured, known to have no effect, or refused by name.</summary>
internal static class ChatParameters
{
    private const int MaxStops = 16;
    private const int MaxStopLength = 1024;

    private static readonly string[] s_ownVariables = ["messages", "tools", "add_generation_prompt", "bos_token", "eos_token"];

    private static readonly Dictionary<string, Action<ChatRequest, JsonElement, string>> s_table = new(StringComparer.Ordinal)
    {
        ["model"] = (r, v, n) => r.Model = JsonFields.Text(v, n),
        ["messages"] = (r, v, _) => r.Messages = ChatMessages.Check(v),
        ["max_tokens"] = (r, v, n) => r.MaxTokens = (int)JsonFields.Integer(v, n, 1, int.MaxValue),
        ["max_completion_tokens"] = (r, v, n) => r.MaxTokens = (int)JsonFields.Integer(v, n, 1, int.MaxValue),
        ["temperature"] = (r, v, n) => r.Sampling = r.Sampling with { Temperature = JsonFields.Number(v, n, 0, 1000) },
        ["top_p"] = (r, v, n) => r.Sampling = r.Sampling with { TopP = JsonFields.Number(v, n, 0, 1) },
        ["top_k"] = (r, v, n) => r.Sampling = r.Sampling with { TopK = (int)JsonFields.Integer(v, n, -1, int.MaxValue) },
        ["min_p"] = (r, v, n) => r.Sampling = r.Sampling with { MinP = JsonFields.Number(v, n, 0, 1) },
        ["typical_p"] = (r, v, n) => r.Sampling = r.Sampling with { TypicalP = JsonFields.Number(v, n, 0, 1) },
        ["top_n_sigma"] = (r, v, n) => r.Sampling = r.Sampling with { TopNSigma = Math.Max(0, JsonFields.Number(v, n, -1, 1e6)) },
        ["xtc_probability"] = (r, v, n) => r.Sampling = r.Sampling with { XtcProbability = JsonFields.Number(v, n, 0, 1) },
        ["xtc_threshold"] = (r, v, n) => r.Sampling = r.Sampling with { XtcThreshold = JsonFields.Number(v, n, 0, 1) },
        ["dry_multiplier"] = (r, v, n) => r.Sampling = r.Sampling with { DryMultiplier = JsonFields.Number(v, n, 0, 1000) },
        ["dry_base"] = (r, v, n) => r.Sampling = r.Sampling with { DryBase = JsonFields.Number(v, n, 1, 100) },
        ["dry_allowed_length"] = (r, v, n) => r.Sampling = r.Sampling
            with
        { DryAllowedLength = (int)JsonFields.Integer(v, n, 1, int.MaxValue) },
        ["dry_penalty_last_n"] = (r, v, n) => r.Sampling = r.Sampling
            with
        { DryPenaltyLastN = (int)JsonFields.Integer(v, n, -1, int.MaxValue) },
        ["dry_sequence_breakers"] = (r, v, n) => r.Sampling = r.Sampling with { DrySequenceBreakers = ReadStops(v, n) },
        ["logprobs"] = (r, v, n) => r.LogProbs = v.ValueKind != JsonValueKind.Null && JsonFields.Flag(v, n),
        ["top_logprobs"] = (r, v, n) => r.TopLogProbs = v.ValueKind == JsonValueKind.Null ? null
            : (int)JsonFields.Integer(v, n, 0, SamplingOptions.MostAlternatives),
        ["seed"] = (r, v, n) => r.Sampling = r.Sampling with { Seed = JsonFields.Integer(v, n, long.MinValue, long.MaxValue) },
        ["repeat_penalty"] = (r, v, n) => r.Sampling = r.Sampling with { RepeatPenalty = JsonFields.Number(v, n, 0.01, 100) },
        ["repeat_last_n"] = (r, v, n) => r.Sampling = r.Sampling with { RepeatLastN = (int)JsonFields.Integer(v, n, -1, int.MaxValue) },
        ["frequency_penalty"] = (r, v, n) => r.Sampling = r.Sampling with { FrequencyPenalty = JsonFields.Number(v, n, -1000, 1000) },
        ["presence_penalty"] = (r, v, n) => r.Sampling = r.Sampling with { PresencePenalty = JsonFields.Number(v, n, -1000, 1000) },
        ["logit_bias"] = (r, v, n) => r.Sampling = r.Sampling with { LogitBias = ReadBias(v, n) },
        ["chat_template_kwargs"] = (r, v, n) => r.TemplateVariables = ReadTemplateVariables(v, n),
        ["stop"] = (r, v, n) => r.Stop = ReadStops(v, n),
        ["stream"] = (r, v, n) => r.Stream = v.ValueKind != JsonValueKind.Null && JsonFields.Flag(v, n),
        ["stream_options"] = ReadStreamOptions,
        ["return_progress"] = (r, v, n) => r.ReturnProgress = JsonFields.Flag(v, n),
        ["ignore_eos"] = (r, v, n) => r.IgnoreEos = JsonFields.Flag(v, n),
        ["n"] = (_, v, n) => JsonFields.Integer(v, n, 1, 1),
        ["user"] = Ignore,
        ["metadata"] = Ignore,
        ["store"] = Ignore,
    };

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">400: not an object, a member unknown, refused, doubled or out of range.</exception>
    public static ChatRequest Read(JsonElement body, ServerState state, SamplingOptions defaults)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(null, "the body must be a JSON object", "invalid_json");
        }

        ChatRequest request = new() { Sampling = defaults };
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in body.EnumerateObject())
        {
            string name = NameOf(member);
            if (!s_table.TryGetValue(name, out Action<ChatRequest, JsonElement, string>? read))
            {
                throw ApiException.Invalid(name, $"this server does not support the parameter '{name}'", "unsupported_parameter");
            }

            if (!seen.Add(name))
            {
                throw ApiException.Invalid(name, $"'{name}' is given twice", "duplicate_parameter");
            }

            read(request, member.Value, name);
        }

        CheckTogether(request, seen, state);
        request.Sampling = request.Sampling with { LogProbabilities = request.LogProbs ? request.TopLogProbs ?? 0 : null };
        return request;
    }

    private static void CheckTogether(ChatRequest request, HashSet<string> seen, ServerState state)
    {
        if (!seen.Contains("messages"))
        {
            throw ApiException.Invalid("messages", "'messages' is missing", "missing_parameter");
        }

        if (request.Model is not null && request.Model != state.ModelId)
        {
            throw new ApiException(404, "invalid_request_error", $"there is no such model here; this server has '{state.ModelId}'",
                "model_not_found", "model");
        }

        if (seen.Contains("max_tokens") && seen.Contains("max_completion_tokens"))
        {
            throw ApiException.Invalid("max_tokens", "give max_tokens or max_completion_tokens, not both", "conflicting_parameters");
        }

        if (request.TopLogProbs is not null && !request.LogProbs)
        {
            throw ApiException.Invalid("top_logprobs", "'top_logprobs' needs \"logprobs\": true", "conflicting_parameters");
        }

        if (!request.Stream && (request.IncludeUsage is not null || request.ReturnProgress))
        {
            string name = request.ReturnProgress ? "return_progress" : "stream_options";
            throw ApiException.Invalid(name, $"'{name}' needs \"stream\": true", "conflicting_parameters");
        }
    }

    /// <summary>A member's name; a lone surrogate in it is a 400.</summary>
    public static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(null, "a member name holds half of a surrogate pair", "invalid_string");
        }
    }

    private static void Ignore(ChatRequest request, JsonElement value, string name)
    {
    }

    private static void ReadStreamOptions(ChatRequest request, JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(name, $"'{name}' must be an object", "invalid_type");
        }

        request.IncludeUsage = false;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string inner = $"{name}.{NameOf(member)}";
            request.IncludeUsage = inner == "stream_options.include_usage"
                ? JsonFields.Flag(member.Value, inner)
                : throw ApiException.Invalid(inner, $"this server does not support the parameter '{inner}'", "unsupported_parameter");
        }
    }

    private static Dictionary<string, JsonElement> ReadTemplateVariables(JsonElement value, string name)
    {
        Dictionary<string, JsonElement> variables = [];
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            throw ApiException.Invalid(name, $"'{name}' must be an object", "invalid_type");
        }

        foreach (JsonProperty member in value.ValueKind == JsonValueKind.Null ? default : value.EnumerateObject())
        {
            string variable = NameOf(member);
            variables[variable] = !s_ownVariables.Contains(variable)
                ? member.Value
                : throw ApiException.Invalid(name, $"'{name}' may not set '{variable}'", "invalid_value");
        }

        return variables;
    }

    private static string[] ReadStops(JsonElement value, string name)
    {
        string[] stops = value.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.String => [JsonFields.Text(value, name)],
            JsonValueKind.Array when value.GetArrayLength() <= MaxStops =>
                [.. value.EnumerateArray().Select(e => JsonFields.Text(e, name))],
            JsonValueKind.Array => throw ApiException.Invalid(name, $"'{name}' may hold at most {MaxStops} strings", "out_of_range"),
            _ => throw ApiException.Invalid(name, $"'{name}' must be a string or an array of strings", "invalid_type"),
        };
        return Array.TrueForAll(stops, s => s.Length is > 0 and <= MaxStopLength)
            ? stops
            : throw ApiException.Invalid(name, $"a string of '{name}' must have 1 to {MaxStopLength} characters", "out_of_range");
    }

    private static Dictionary<int, float>? ReadBias(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(name, $"'{name}' must map token ids to numbers", "invalid_type");
        }

        Dictionary<int, float> bias = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!int.TryParse(NameOf(member), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw ApiException.Invalid(name, $"the keys of '{name}' must be token ids", "invalid_type");
            }

            bias[id] = JsonFields.Number(member.Value, name, -100, 100);
        }

        return bias;
    }
}
