using System.Text.Encodings.Web;
using System.Text.Json;

namespace LayerStream.Templates.Answers;

/// <summary>Small pieces of JSON text.</summary>
internal static class JsonPieces
{
    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A string with its quotes; half of a surrogate pair becomes U+FFFD.</summary>
    public static string Quote(string text) => JsonSerializer.Serialize(text, s_relaxed);

    /// <summary>The text of a JSON string with its quotes; null when it is none.</summary>
    public static string? Unquote(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.String ? document.RootElement.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A member of an object as JSON; null when there is none, or the text is no object.</summary>
    public static string? Member(string json, string name)
    {
        if (!json.StartsWith('{'))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty(name, out JsonElement member) ? member.GetRawText() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The kind of a JSON text; null when it is none.</summary>
    public static JsonValueKind? KindOf(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
