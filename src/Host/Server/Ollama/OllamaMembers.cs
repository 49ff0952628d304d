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
        new("think", ParameterUse.Honoured, "true, false, or how much", WriteThink),
        new("format", ParameterUse.Honoured, "json or a JSON Schema, as `response_format`", WriteFormat),
        new("keep_alive", ParameterUse.Honoured,
            "how long the model stays loaded that nobody uses: seconds or a text such as 5m, 0 = not at all, negative = for ever; without "
            + "effect where the server has one model only", (_, value) => KeepAlive.Of(value)),
        .. TranslatedMember.Hints("CustomHeaders", "logprobs", "top_logprobs"),
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
        .. TranslatedMember.Hints("context"),
        .. TranslatedMember.Refusals("suffix", "images", "template", "raw"),
    ], (json, root) => WriteRest(json, root, WritePrompt));

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
    };

    /// <summary>Whether a request asks for nothing but that the model be loaded.</summary>
    public static bool AsksForNothing(JsonElement root) => JsonParts.Find(root, "messages") is { ValueKind: JsonValueKind.Array } messages
        ? messages.GetArrayLength() == 0
        : (JsonParts.Find(root, "prompt") is not { } prompt || prompt.ValueEquals("")) && JsonParts.Find(root, "messages") is null;

    /// <summary>How long the model is to stay; null = the request does not say.</summary>
    /// <exception cref="ApiException">400: it is no time.</exception>
    public static KeepAlive? KeepAliveOf(JsonElement root) => JsonParts.Find(root, "keep_alive") is { } time ? KeepAlive.Of(time) : null;

    private static void WriteRest(Utf8JsonWriter json, JsonElement root, Action<Utf8JsonWriter, JsonElement> messages)
    {
        json.WriteBoolean("stream", JsonParts.Find(root, "stream") is not { } stream || JsonFields.Flag(stream, "stream"));
        json.WriteStartArray("messages");
        messages(json, root);
        json.WriteEndArray();
    }

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
                JsonParts.Find(function, "arguments")?.GetRawText() ?? "{}");
        }

        json.WriteEndArray();
    }

    private static void WriteOptions(Utf8JsonWriter json, JsonElement options)
    {
        foreach (JsonProperty option in options.ValueKind == JsonValueKind.Object ? options.EnumerateObject()
            : throw ApiException.Invalid("options", "'options' must be an object", "invalid_type"))
        {
            string name = ParameterValues.NameOf(option);
            if (!Options.TryGetValue(name, out string? chatName))
            {
                throw ApiException.Invalid("options." + name, $"this server does not support the parameter 'options.{name}'",
                    "unsupported_parameter");
            }

            bool isAbsent = option.Value.ValueKind == JsonValueKind.Null || chatName is null
                || (chatName == "max_tokens" && option.Value.ValueKind == JsonValueKind.Number && option.Value.GetDouble() < 0);
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
