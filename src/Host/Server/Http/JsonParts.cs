using System.Text;
using System.Text.Json;

namespace LayerStream.Host.Server.Http;

/// <summary>Reads and writes parts of messages. Errors: <see cref="ApiException"/> 400 naming the place.</summary>
internal static class JsonParts
{
    /// <summary>A member; null when absent or null.</summary>
    public static JsonElement? Find(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null ? found : null;

    /// <summary>Refuses what is no object.</summary>
    public static void RequireObject(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.Invalid(place, $"'{place}' must be an object", "invalid_type");
        }
    }

    /// <summary>A member's text; null when absent or null.</summary>
    public static string? Text(JsonElement value, string name, string place) =>
        Find(value, name) is { } found ? JsonFields.Text(found, place + "." + name) : null;

    /// <summary>A member's text.</summary>
    public static string RequireText(JsonElement value, string name, string place) => Text(value, name, place)
        ?? throw ApiException.Invalid(place + "." + name, $"'{place}.{name}' is missing", "missing_parameter");

    /// <summary>Items of an array.</summary>
    public static IEnumerable<(JsonElement Item, string Place)> Items(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select((item, i) => (item, $"{place}[{i}]"))
            : throw ApiException.Invalid(place, $"'{place}' must be an array", "invalid_type");

    /// <summary>The text of a content that is a string or a list of text parts, one under the other.</summary>
    public static string ContentText(JsonElement? content, string place) => ContentText(content, place, PartText);

    /// <summary>The same of parts that have their text in a way of their own.</summary>
    /// <param name="content">The content; null = it is not there.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="partText">Text of a part, by its type and place.</param>
    public static string ContentText(JsonElement? content, string place, Func<JsonElement, string, string, string> partText)
    {
        if (content is not { } value)
        {
            return "";
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return JsonFields.Text(value, place);
        }

        StringBuilder text = new();
        foreach ((JsonElement part, string at) in Items(value, place))
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(partText(part, Text(part, "type", at) ?? "text", at));
        }

        return text.ToString();
    }

    private static string PartText(JsonElement part, string type, string place) => type switch
    {
        "text" or "input_text" or "output_text" => RequireText(part, "text", place),
        "refusal" => RequireText(part, "refusal", place),
        _ => throw Unsupported(place, type),
    };

    /// <summary>JSON that somebody else wrote, in one line as streams need it: in its strings are no line breaks.</summary>
    public static string InOneLine(string json) => json.Replace('\n', ' ').Replace('\r', ' ');

    /// <summary>A function in the list of tools.</summary>
    public static void Tool(Utf8JsonWriter json, string name, string? description, JsonElement? parameters, JsonElement? strict = null)
    {
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", name);
        if (description is not null)
        {
            json.WriteString("description", description);
        }

        if (strict is { } isStrict)
        {
            json.WriteBoolean("strict", JsonFields.Flag(isStrict, "strict"));
        }

        json.WritePropertyName("parameters");
        if (parameters is { } schema)
        {
            schema.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A tool of a type that only another server runs.</summary>
    public static void ForeignTool(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type == "function" ? "unknown" : type);
        json.WriteEndObject();
    }

    /// <summary>A refusal of a part.</summary>
    public static ApiException Unsupported(string place, string type) => ApiException.Invalid(place,
        $"'{place}' is of type '{(type.Length <= 64 ? type : "unknown")}', which this server does not support: it reads text only",
        "unsupported_content");
}
