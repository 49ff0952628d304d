using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;

namespace LayerStream.Host.Server.Messages;

/// <summary>Members of a request of the Anthropic messages API.</summary>
internal static class MessagesMembers
{
    /// <summary>The rows, and what they mean together.</summary>
    public static RequestTranslation Translation { get; } = new(
    [
        .. TranslatedMember.Same("model", "max_tokens", "temperature", "top_p", "top_k", "stream"),
        TranslatedMember.Elsewhere("messages", "roles user, assistant, system; blocks text, tool_use, tool_result, thinking, and "
            + "document and search_result of text; a last message of the assistant is continued"),
        TranslatedMember.Elsewhere("system", "a text or text blocks"),
        TranslatedMember.As("stop_sequences", "stop", "up to 16 texts"),
        new("tools", ParameterUse.Honoured, "functions; tools of other types are left out and named in a header", WriteTools),
        new("tool_choice", ParameterUse.Honoured, "auto, any, tool, none", WriteChoice),
        new("thinking", ParameterUse.Honoured, "enabled, adaptive or disabled; `budget_tokens` as `reasoning_budget`", WriteThinking),
        new("output_config", ParameterUse.Honoured, "`effort` as `reasoning_effort`; `format` as `response_format`", WriteOutput),
        new("output_format", ParameterUse.Honoured, "as `format` of `output_config`", WriteFormat),
        .. TranslatedMember.Hints("metadata", "service_tier", "context_management", "betas", "inference_geo", "cache_control",
            "diagnostics"),
        .. TranslatedMember.Refusals("thread", "container", "mcp_servers"),
    ], MessagesConversation.Write);

    private static void WriteTools(Utf8JsonWriter json, JsonElement tools)
    {
        json.WriteStartArray("tools");
        foreach ((JsonElement tool, string place) in JsonParts.Items(tools, "tools"))
        {
            string type = JsonParts.Text(tool, "type", place) ?? "custom";
            if (type == "custom")
            {
                JsonParts.Tool(json, JsonParts.RequireText(tool, "name", place), JsonParts.Text(tool, "description", place),
                    JsonParts.Find(tool, "input_schema"), JsonParts.Find(tool, "strict"));
            }
            else
            {
                JsonParts.ForeignTool(json, type);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteChoice(Utf8JsonWriter json, JsonElement choice)
    {
        string type = JsonParts.RequireText(choice, "type", "tool_choice");
        if (JsonParts.Find(choice, "disable_parallel_tool_use") is { } single)
        {
            json.WriteBoolean("parallel_tool_calls", !JsonFields.Flag(single, "tool_choice.disable_parallel_tool_use"));
        }

        switch (type)
        {
            case "auto" or "none":
                json.WriteString("tool_choice", type);
                break;
            case "any":
                json.WriteString("tool_choice", "required");
                break;
            case "tool":
                json.WriteStartObject("tool_choice");
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", JsonParts.RequireText(choice, "name", "tool_choice"));
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            default:
                throw ApiException.Invalid("tool_choice", "'tool_choice.type' must be auto, any, tool or none", "invalid_value");
        }
    }

    private static void WriteThinking(Utf8JsonWriter json, JsonElement thinking)
    {
        bool thinks = JsonParts.RequireText(thinking, "type", "thinking") switch
        {
            "enabled" or "adaptive" => true,
            "disabled" => false,
            _ => throw ApiException.Invalid("thinking", "'thinking.type' must be enabled, adaptive or disabled", "invalid_value"),
        };
        if (thinks && JsonParts.Find(thinking, "budget_tokens") is { } budget)
        {
            json.WriteNumber("reasoning_budget", JsonFields.Integer(budget, "thinking.budget_tokens", 1, int.MaxValue));
        }

        if (!thinks)
        {
            json.WriteNumber("reasoning_budget", 0);
        }

        json.WriteStartObject("chat_template_kwargs");
        json.WriteBoolean("enable_thinking", thinks);
        json.WriteBoolean("thinking", thinks);
        json.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter json, JsonElement output)
    {
        JsonParts.RequireObject(output, "output_config");
        if (JsonParts.Text(output, "effort", "output_config") is { } effort)
        {
            json.WriteString("reasoning_effort", effort);
        }

        if (JsonParts.Find(output, "format") is { } format)
        {
            WriteFormat(json, format);
        }
    }

    private static void WriteFormat(Utf8JsonWriter json, JsonElement format)
    {
        json.WriteStartObject("response_format");
        json.WriteString("type", JsonParts.RequireText(format, "type", "format"));
        if (JsonParts.Find(format, "schema") is { } schema)
        {
            json.WriteStartObject("json_schema");
            json.WriteString("name", "response");
            json.WritePropertyName("schema");
            schema.WriteTo(json);
            json.WriteBoolean("strict", true);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
