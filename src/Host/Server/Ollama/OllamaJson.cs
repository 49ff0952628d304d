using System.Globalization;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Ollama;

/// <summary>Objects of the Ollama API.</summary>
internal static class OllamaJson
{
    /// <summary>An error: a text.</summary>
    public static void Error(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteString("error", error.Message);
        json.WriteEndObject();
    }

    /// <summary>Calls, their arguments as objects.</summary>
    public static void Calls(Utf8JsonWriter json, GatheredAnswer answer)
    {
        json.WriteStartArray("tool_calls");
        foreach ((string id, string name, string arguments) in answer.Calls)
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteStartObject("function");
            json.WriteString("name", name);
            json.WritePropertyName("arguments");
            json.WriteRawValue(JsonParts.InOneLine(arguments));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A time as the API writes it.</summary>
    public static string Time(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);
}
