using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>Checks the messages of a chat request. Members that no template reads are what other servers added to their replies: they are
/// let through.</summary>
internal static class ChatMessages
{
    private static readonly string[] s_roles = ["system", "developer", "user", "assistant", "tool", "function"];

    /// <summary>Gives the messages back as they are if every one is in order.</summary>
    /// <exception cref="ApiException">400 naming the place.</exception>
    public static JsonElement Check(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw ApiException.Invalid("messages", "'messages' must be an array with at least one message", "invalid_type");
        }

        int index = 0;
        foreach (JsonElement message in messages.EnumerateArray())
        {
            CheckMessage(message, $"messages[{index++}]");
        }

        return messages;
    }

    private static void CheckMessage(JsonElement message, string place)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(place, $"'{place}' must be an object", "invalid_type");
        }

        string role = message.TryGetProperty("role", out JsonElement r) ? JsonFields.Text(r, place + ".role") : "";
        if (!s_roles.Contains(role))
        {
            throw ApiException.Invalid(place + ".role", $"'{place}.role' must be one of {string.Join(", ", s_roles)}", "invalid_value");
        }

        bool hasContent = message.TryGetProperty("content", out JsonElement content) && content.ValueKind != JsonValueKind.Null;
        if (hasContent)
        {
            CheckContent(content, place + ".content", role);
        }
        else if (role != "assistant")
        {
            throw ApiException.Invalid(place + ".content", $"'{place}.content' is missing", "missing_parameter");
        }
    }

    private static void CheckContent(JsonElement content, string place, string role)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            JsonFields.Text(content, place);
            return;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.Invalid(place, $"'{place}' must be a string or an array of text parts", "invalid_type");
        }

        foreach (JsonElement part in content.EnumerateArray())
        {
            string kind = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement type)
                && type.ValueKind == JsonValueKind.String ? JsonFields.Text(type, place) : "";
            bool isText = kind == "text" || (kind == "refusal" && role == "assistant");
            if (!isText || !part.TryGetProperty(kind, out JsonElement text))
            {
                throw ApiException.Invalid(place, $"'{place}' may hold text parts only: {{\"type\":\"text\",\"text\":…}}",
                    "unsupported_content");
            }

            JsonFields.Text(text, place);
        }
    }
}
