using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;

namespace LayerStream.Host.Server.Ollama;

/// <summary>Members of requests of the Ollama API.</summary>
internal static class OllamaMembers
{
    private static readonly TranslatedMember[] s_shared =
    [
        .. TranslatedMember.Same("model"),
        TranslatedMember.Elsewhere("stream", "true or false; true unless said"),
        new("options", ParameterUse.Honoured, "see below; what says how the model is loaded is a hint", WriteOptions),
        TranslatedMember.Elsewhere("think", "true, false, or how much"),
        TranslatedMember.Elsewhere("logprobs", "true or false"),
        TranslatedMember.Elsewhere("top_logprobs", "0 to 20 alternatives to each token"),
        new("format", ParameterUse.Honoured, "json or a JSON Schema, as `response_format`", WriteFormat),
        new("keep_alive", ParameterUse.Honoured,
            "how long the model stays loaded that nobody uses: seconds or a text such as 5m, 0 = not at all, negative = for ever; without "
            + "effect where the server has one model only", (_, value) => KeepAlive.Of(value)),
        .. TranslatedMember.Hints("CustomHeaders"),
    ];

    /// <summary>Chat requests.</summary>
    public static RequestTranslation Chat { get; } = new(
    [
        .. s_shared,
        TranslatedMember.Elsewhere("messages", "roles system, user, assistant, tool"),
        TranslatedMember.As("tools", "tools", "functions"),
    ], (json, root) => WriteRest(json, root, WriteMessages));

    /// <summary>Requests of one prompt.</summary>
    public static RequestTranslation Generate { get; } = new(
    [
        .. s_shared,
        TranslatedMember.Elsewhere("prompt", "what the user says"),
        TranslatedMember.Elsewhere("system", "what the model is told before"),
        TranslatedMember.Elsewhere("raw", "true = the prompt as it is, without a template"),
        TranslatedMember.Elsewhere("suffix", "what comes behind the answer, where the model knows fill-in-the-middle; else refused"),
        .. TranslatedMember.Refusals("context", "images", "template"),
    ], (json, root) =>
    {
        if (IsCompletion(root))
        {
            OllamaCompletion.Write(json, root);
        }
        else
        {
            WriteRest(json, root, WritePrompt);
        }
    });

    /// <summary>Members of <c>options</c>: the name in chat completions, or null for hints.</summary>
    public static IReadOnlyDictionary<string, string?> Options { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["temperature"] = "temperature",
        ["top_k"] = "top_k",
        ["top_p"] = "top_p",
        ["min_p"] = "min_p",
        ["typical_p"] = "typical_p",
        ["seed"] = "seed",
        ["stop"] = "stop",
        ["num_predict"] = "max_tokens",
        ["repeat_penalty"] = "repeat_penalty",
        ["repeat_last_n"] = "repeat_last_n",
        ["presence_penalty"] = "presence_penalty",
        ["frequency_penalty"] = "frequency_penalty",
        ["num_ctx"] = null,
        ["num_keep"] = null,
        ["num_batch"] = null,
        ["num_gpu"] = null,
        ["main_gpu"] = null,
        ["num_thread"] = null,
        ["use_mmap"] = null,
        ["use_mlock"] = null,
        ["numa"] = null,
        ["low_vram"] = null,
        ["penalize_newline"] = null,
        ["f16_kv"] = null,
        ["logits_all"] = null,
        ["vocab_only"] = null,
        ["embedding_only"] = null,
        ["mirostat_tau"] = null,
        ["mirostat_eta"] = null,
    };

    /// <summary>Members of <c>options</c> that are refused but for values that turn them off.</summary>
    public static IReadOnlyDictionary<string, NeutralValues> RefusedOptions { get; } = new Dictionary<string, NeutralValues>
    {
        ["mirostat"] = new NeutralValues("0"),
        ["tfs_z"] = new NeutralValues("1", "0"),
    };

    /// <summary>Whether a request asks for nothing but that the model be loaded.</summary>
    public static bool AsksForNothing(JsonElement root) => JsonParts.Find(root, "messages") is { ValueKind: JsonValueKind.Array } messages
        ? messages.GetArrayLength() == 0
        : (JsonParts.Find(root, "prompt") is not { } prompt || prompt.ValueEquals("")) && JsonParts.Find(root, "messages") is null;

    /// <summary>Whether a prompt is to be gone on with as it is, and answered by a completion.</summary>
    /// <exception cref="ApiException">400: a member is not what it must be.</exception>
    public static bool IsCompletion(JsonElement root) => (JsonParts.Find(root, "raw") is { } raw && JsonFields.Flag(raw, "raw"))
        || JsonParts.Text(root, "suffix", "request") is { Length: > 0 };

    /// <summary>How long the model is to stay; null = the request does not say.</summary>
    /// <exception cref="ApiException">400: it is no time.</exception>
    public static KeepAlive? KeepAliveOf(JsonElement root) => JsonParts.Find(root, "keep_alive") is { } time ? KeepAlive.Of(time) : null;

    /// <summary>Most tokens of the answer, as the request has it; null = what the context holds.</summary>
    internal static JsonElement? LimitOf(JsonElement options) => JsonParts.Find(options, "num_predict") is { } limit
        && !(limit.ValueKind == JsonValueKind.Number && limit.GetDouble() < 0) ? limit : null;

    private static void WriteRest(Utf8JsonWriter json, JsonElement root, Action<Utf8JsonWriter, JsonElement> messages)
    {
        WriteStream(json, root);
        if (JsonParts.Find(root, "think") is { } think)
        {
            WriteThink(json, think);
        }

        foreach (string name in (ReadOnlySpan<string>)["logprobs", "top_logprobs"])
        {
            if (JsonParts.Find(root, name) is { } value)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
        }

        json.WriteStartArray("messages");
        messages(json, root);
        json.WriteEndArray();
    }

    /// <summary>Whether it is a stream: unless it says that it is not.</summary>
    internal static void WriteStream(Utf8JsonWriter json, JsonElement root) =>
        json.WriteBoolean("stream", JsonParts.Find(root, "stream") is not { } stream || JsonFields.Flag(stream, "stream"));

    private static void WritePrompt(Utf8JsonWriter json, JsonElement root)
    {
        if (JsonParts.Text(root, "system", "request") is { Length: > 0 } system)
        {
            MessageJson.Text(json, "system", system);
        }

        MessageJson.Text(json, "user", JsonParts.Text(root, "prompt", "request") ?? "");
    }

    private static void WriteMessages(Utf8JsonWriter json, JsonElement root)
    {
        JsonElement messages = JsonParts.Find(root, "messages")
            ?? throw ApiException.Invalid("messages", "'messages' is missing", "missing_parameter");
        foreach ((JsonElement message, string place) in JsonParts.Items(messages, "messages"))
        {
            if (JsonParts.Find(message, "images") is { ValueKind: JsonValueKind.Array } images && images.GetArrayLength() > 0)
            {
                throw JsonParts.Unsupported(place + ".images", "image");
            }

            json.WriteStartObject();
            json.WriteString("role", JsonParts.RequireText(message, "role", place));
            json.WriteString("content", JsonParts.Text(message, "content", place) ?? "");
            if (JsonParts.Text(message, "thinking", place) is { Length: > 0 } thought)
            {
                json.WriteString("reasoning_content", thought);
            }

            if ((JsonParts.Text(message, "tool_name", place) ?? JsonParts.Text(message, "name", place)) is { } name)
            {
                json.WriteString("name", name);
            }

            if (JsonParts.Text(message, "tool_call_id", place) is { Length: > 0 } call)
            {
                json.WriteString("tool_call_id", call);
            }

            WriteCalls(json, message, place);
            json.WriteEndObject();
        }
    }

    private static void WriteCalls(Utf8JsonWriter json, JsonElement message, string place)
    {
        if (JsonParts.Find(message, "tool_calls") is not { } calls)
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        foreach ((JsonElement call, string at) in JsonParts.Items(calls, place + ".tool_calls"))
        {
            JsonElement function = JsonParts.Find(call, "function")
                ?? throw ApiException.Invalid(at + ".function", $"'{at}.function' is missing", "missing_parameter");
            MessageJson.Call(json, JsonParts.Text(call, "id", at) ?? "", JsonParts.RequireText(function, "name", at),
                Arguments(JsonParts.Find(function, "arguments"), at));
        }

        json.WriteEndArray();
    }

    // An object, or its text as other APIs have it.
    private static string Arguments(JsonElement? given, string place) => given switch
    {
        null => "{}",
        { ValueKind: JsonValueKind.String } text => JsonFields.Text(text, place + ".function.arguments"),
        { } value => value.GetRawText(),
    };

    private static void WriteOptions(Utf8JsonWriter json, JsonElement options)
    {
        foreach (JsonProperty option in options.ValueKind == JsonValueKind.Object ? options.EnumerateObject()
            : throw ApiException.Invalid("options", "'options' must be an object", "invalid_type"))
        {
            string name = ParameterValues.NameOf(option);
            if (RefusedOptions.TryGetValue(name, out NeutralValues? neutral) && neutral.Have(option.Value))
            {
                continue;
            }

            if (!Options.TryGetValue(name, out string? chatName))
            {
                throw ApiException.Unsupported("options." + name);
            }

            bool isAbsent = option.Value.ValueKind == JsonValueKind.Null || chatName is null
                || (chatName == "max_tokens" && LimitOf(options) is null);
            if (!isAbsent)
            {
                json.WritePropertyName(chatName!);
                option.Value.WriteTo(json);
            }
        }
    }

    private static void WriteThink(Utf8JsonWriter json, JsonElement think) => json.WriteString("reasoning_effort", think.ValueKind switch
    {
        JsonValueKind.True => "medium",
        JsonValueKind.False => "none",
        JsonValueKind.String => JsonFields.Text(think, "think"),
        _ => throw ApiException.Invalid("think", "'think' must be true, false or a text", "invalid_type"),
    });

    private static void WriteFormat(Utf8JsonWriter json, JsonElement format)
    {
        if (format.ValueKind == JsonValueKind.String && JsonFields.Text(format, "format") is var text)
        {
            if (text.Length > 0)
            {
                json.WriteStartObject("response_format");
                json.WriteString("type", text == "json" ? "json_object" : text);
                json.WriteEndObject();
            }

            return;
        }

        json.WriteStartObject("response_format");
        json.WriteString("type", "json_schema");
        json.WriteStartObject("json_schema");
        json.WriteString("name", "response");
        json.WritePropertyName("schema");
        format.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
