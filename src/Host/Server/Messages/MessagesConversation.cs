using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Messages;

/// <summary>Messages of blocks as messages of a chat completion request.</summary>
internal static class MessagesConversation
{
    /// <summary>Writes <c>messages</c>, and that the last is continued if it is the assistant's.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement root)
    {
        JsonElement messages = JsonParts.Find(root, "messages")
            ?? throw ApiException.Invalid("messages", "'messages' is missing", "missing_parameter");
        bool isContinued = false;
        json.WriteStartArray("messages");
        if (JsonParts.Find(root, "system") is { } system && JsonParts.ContentText(system, "system") is { Length: > 0 } text)
        {
            MessageJson.Text(json, "system", text);
        }

        foreach ((JsonElement message, string place) in JsonParts.Items(messages, "messages"))
        {
            string role = JsonParts.RequireText(message, "role", place);
            JsonElement content = JsonParts.Find(message, "content")
                ?? throw ApiException.Invalid(place + ".content", $"'{place}.content' is missing", "missing_parameter");
            isContinued = role switch
            {
                "user" => WriteUser(json, content, place + ".content"),
                "assistant" => WriteAssistant(json, content, place + ".content"),
                "system" => WriteSystem(json, content, place + ".content"),
                _ => throw ApiException.Invalid(place + ".role", $"'{place}.role' must be user, assistant or system", "invalid_value"),
            };
        }

        json.WriteEndArray();
        if (isContinued)
        {
            json.WriteBoolean("continue_final_message", true);
        }
    }

    private static bool WriteSystem(Utf8JsonWriter json, JsonElement content, string place)
    {
        MessageJson.Text(json, "system", JsonParts.ContentText(content, place));
        return false;
    }

    // Results of tools first, each a message; then what the user says.
    private static bool WriteUser(Utf8JsonWriter json, JsonElement content, string place)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            MessageJson.Text(json, "user", JsonFields.Text(content, place));
            return false;
        }

        List<string> said = [];
        bool hasResults = false;
        foreach ((JsonElement block, string at) in JsonParts.Items(content, place))
        {
            string type = JsonParts.RequireText(block, "type", at);
            if (type == "tool_result")
            {
                hasResults = true;
                string result = JsonParts.ContentText(JsonParts.Find(block, "content"), at + ".content", MessagesText.OfBlock);
                bool isError = JsonParts.Find(block, "is_error") is { ValueKind: JsonValueKind.True };
                MessageJson.ToolResult(json, JsonParts.RequireText(block, "tool_use_id", at), isError ? "Error: " + result : result);
            }
            else
            {
                said.Add(MessagesText.OfBlock(block, type, at));
            }
        }

        if (said.Count > 0 || !hasResults)
        {
            MessageJson.Text(json, "user", string.Join('\n', said));
        }

        return false;
    }

    // Whether there is a text to go on with.
    private static bool WriteAssistant(Utf8JsonWriter json, JsonElement content, string place)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            string text = JsonFields.Text(content, place);
            MessageJson.Text(json, "assistant", text);
            return text.Trim().Length > 0;
        }

        List<string> said = [];
        List<string> thought = [];
        List<(string Id, string Name, string Arguments)> calls = [];
        foreach ((JsonElement block, string at) in JsonParts.Items(content, place))
        {
            string type = JsonParts.RequireText(block, "type", at);
            switch (type)
            {
                case "text":
                    said.Add(JsonParts.RequireText(block, "text", at));
                    break;
                case "thinking":
                    thought.Add(JsonParts.RequireText(block, "thinking", at));
                    break;
                case "redacted_thinking":
                    break;
                case "tool_use":
                    calls.Add((JsonParts.RequireText(block, "id", at), JsonParts.RequireText(block, "name", at),
                        JsonParts.Find(block, "input")?.GetRawText() ?? "{}"));
                    break;
                default:
                    throw JsonParts.Unsupported(at, type);
            }
        }

        MessageJson.Assistant(json, string.Join('\n', said), string.Join('\n', thought), calls);
        return calls.Count == 0 && said.Exists(s => s.Trim().Length > 0);
    }
}
