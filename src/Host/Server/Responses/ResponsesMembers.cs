using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Responses;

/// <summary>Members of a request of the OpenAI responses API.</summary>
internal static class ResponsesMembers
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<TranslatedMember> Rows { get; } =
    [
        .. TranslatedMember.Same("model", "temperature", "top_p", "top_k", "min_p", "seed", "stream", "frequency_penalty",
            "presence_penalty", "parallel_tool_calls"),
        TranslatedMember.Elsewhere("input", "a text, or items: messages, function_call, function_call_output, reasoning, item_reference"),
        TranslatedMember.Elsewhere("instructions", "a text in front of the conversation"),
        TranslatedMember.As("max_output_tokens", "max_tokens", "1 and above"),
        new("tools", ParameterUse.Honoured, "functions, also those in namespaces; tools of other types are left out and named in a header",
            WriteTools),
        new("tool_choice", ParameterUse.Honoured, "auto, none, required, a function, or `allowed_tools`", WriteChoice),
        new("reasoning", ParameterUse.Honoured, "`effort`; `summary` is a hint", WriteReasoning),
        new("text", ParameterUse.Honoured, "`format` as `response_format`; `verbosity` is a hint", WriteText),
        TranslatedMember.Elsewhere("store", "false = the response cannot be asked for again or gone on from"),
        TranslatedMember.Elsewhere("previous_response_id", "a stored response of the same key: its conversation goes on"),
        TranslatedMember.Elsewhere("metadata", "repeated in the response"),
        TranslatedMember.Elsewhere("top_logprobs", "alternatives to each token of the text"),
        TranslatedMember.Elsewhere("include", "`message.output_text.logprobs` as `logprobs` in chat completions; others are hints"),
        .. TranslatedMember.Hints("user", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "truncation",
            "client_metadata", "stream_options", "max_tool_calls"),
        .. TranslatedMember.Refusals("conversation", "prompt", "background", "context_management"),
    ];

    /// <summary>Translates a body; <paramref name="context"/> takes what is no matter of the model.</summary>
    public static ReadOnlyMemory<byte> Translate(ReadOnlyMemory<byte> body, ResponsesContext context, RequestMemory.Holding memory) =>
        new RequestTranslation(Rows, (json, root) =>
        {
            WriteProbabilities(json, root);
            ResponsesInput.Write(json, context);
        }).Translate(body, root => context.Take(root, memory));

    private static void WriteProbabilities(Utf8JsonWriter json, JsonElement root)
    {
        long top = JsonParts.Find(root, "top_logprobs") is { } given
            ? JsonFields.Integer(given, "top_logprobs", 0, SamplingOptions.MostAlternatives) : 0;
        bool includes = JsonParts.Find(root, "include") is { } include && JsonParts.Items(include, "include")
            .Any(i => JsonFields.Text(i.Item, i.Place) == "message.output_text.logprobs");
        if (includes || top > 0)
        {
            json.WriteBoolean("logprobs", true);
            json.WriteNumber("top_logprobs", top);
        }
    }

    private static void WriteTools(Utf8JsonWriter json, JsonElement tools)
    {
        json.WriteStartArray("tools");
        foreach ((JsonElement tool, string place) in JsonParts.Items(tools, "tools"))
        {
            string type = JsonParts.RequireText(tool, "type", place);
            if (type == "namespace" && JsonParts.Find(tool, "tools") is { } inner)
            {
                foreach ((JsonElement one, string at) in JsonParts.Items(inner, place + ".tools"))
                {
                    WriteTool(json, one, at, JsonParts.Text(one, "type", at) ?? "function");
                }
            }
            else
            {
                WriteTool(json, tool, place, type);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteTool(Utf8JsonWriter json, JsonElement tool, string place, string type)
    {
        if (type == "function")
        {
            JsonParts.Tool(json, JsonParts.RequireText(tool, "name", place), JsonParts.Text(tool, "description", place),
                JsonParts.Find(tool, "parameters"), JsonParts.Find(tool, "strict"));
        }
        else
        {
            JsonParts.ForeignTool(json, type);
        }
    }

    private static void WriteChoice(Utf8JsonWriter json, JsonElement choice)
    {
        if (choice.ValueKind == JsonValueKind.String)
        {
            json.WriteString("tool_choice", JsonFields.Text(choice, "tool_choice"));
            return;
        }

        string type = JsonParts.Text(choice, "type", "tool_choice") ?? "function";
        if (type != "function")
        {
            json.WritePropertyName("tool_choice"); // several tools, or a tool that is not run here
            choice.WriteTo(json);
            return;
        }

        json.WriteStartObject("tool_choice");
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", JsonParts.RequireText(choice, "name", "tool_choice"));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteReasoning(Utf8JsonWriter json, JsonElement reasoning)
    {
        JsonParts.RequireObject(reasoning, "reasoning");
        if (JsonParts.Text(reasoning, "effort", "reasoning") is { } effort)
        {
            json.WriteString("reasoning_effort", effort);
        }
    }

    private static void WriteText(Utf8JsonWriter json, JsonElement text)
    {
        JsonParts.RequireObject(text, "text");
        if (JsonParts.Find(text, "format") is not { } format)
        {
            return;
        }

        string type = JsonParts.RequireText(format, "type", "text.format");
        json.WriteStartObject("response_format");
        json.WriteString("type", type);
        if (type == "json_schema")
        {
            json.WritePropertyName("json_schema");
            format.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
