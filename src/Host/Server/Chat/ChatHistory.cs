using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>Messages of older clients and of other servers in the form that chat templates know: a function's result is a tool's, a call of
/// a function is a call of a tool, and a refusal is what the assistant said.</summary>
internal static class ChatHistory
{
    /// <summary>Gives checked messages back: themselves if they have that form.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="memory">Pays for a copy.</param>
    /// <exception cref="ApiException">400: a call without a name, or half of a surrogate pair; 413 or 429: a copy does not fit.</exception>
    public static JsonElement Plain(JsonElement messages, RequestMemory.Holding memory)
    {
        if (!messages.EnumerateArray().Any(IsOld))
        {
            return messages;
        }

        return MessageCopy.Write(messages, memory, 0, json =>
        {
            foreach (JsonElement message in messages.EnumerateArray())
            {
                Write(json, message);
            }
        });
    }

    private static bool IsOld(JsonElement message) => IsResult(message) || CallOf(message) is not null || SaysNoInstead(message)
        || (JsonParts.Find(message, "content") is { ValueKind: JsonValueKind.Array } parts && parts.EnumerateArray().Any(IsRefusal));

    private static bool IsResult(JsonElement message) => message.GetProperty("role").ValueEquals("function"u8);

    private static JsonElement? CallOf(JsonElement message) =>
        JsonParts.Find(message, "function_call") is { ValueKind: JsonValueKind.Object } call
            && JsonParts.Find(message, "tool_calls") is null ? call : null;

    // A refusal in the place of a content.
    private static bool SaysNoInstead(JsonElement message) => JsonParts.Find(message, "content") is null
        && JsonParts.Find(message, "refusal") is { ValueKind: JsonValueKind.String } refusal && !refusal.ValueEquals(""u8);

    private static bool IsRefusal(JsonElement part) =>
        JsonParts.Find(part, "type") is { ValueKind: JsonValueKind.String } type && type.ValueEquals("refusal"u8);

    private static void Write(Utf8JsonWriter json, JsonElement message)
    {
        JsonElement? call = CallOf(message);
        json.WriteStartObject();
        foreach (JsonProperty member in message.EnumerateObject())
        {
            switch (member.Name)
            {
                case "role" when IsResult(message):
                    json.WriteString("role", "tool");
                    break;
                case "content" when member.Value.ValueKind == JsonValueKind.Array:
                    WriteParts(json, member.Value);
                    break;
                case "content" when SaysNoInstead(message):
                case "function_call" when call is not null:
                    break;
                default:
                    member.WriteTo(json);
                    break;
            }
        }

        if (SaysNoInstead(message))
        {
            json.WriteString("content", message.GetProperty("refusal").GetString());
        }

        if (call is { } called)
        {
            MessageJson.Calls(json, [("", JsonParts.RequireText(called, "name", "messages.function_call"),
                JsonParts.Text(called, "arguments", "messages.function_call") ?? "{}")]);
        }

        json.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter json, JsonElement parts)
    {
        json.WriteStartArray("content");
        foreach (JsonElement part in parts.EnumerateArray())
        {
            if (!IsRefusal(part))
            {
                part.WriteTo(json);
                continue;
            }

            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", part.GetProperty("refusal").GetString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
