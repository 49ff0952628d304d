using System.Globalization;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Session;

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
            json.WriteRawValue(arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A model of a list.</summary>
    public static void Model(Utf8JsonWriter json, LoadedModel model, bool isRunning)
    {
        json.WriteStartObject();
        json.WriteString("name", model.Id);
        json.WriteString("model", model.Id);
        json.WriteString("modified_at", Time(model.Created));
        json.WriteNumber("size", new FileInfo(model.Options.ModelPath) is { Exists: true } file ? file.Length : 0);
        json.WriteString("digest", "");
        Details(json, model);
        if (isRunning)
        {
            json.WriteString("expires_at", "9999-12-31T23:59:59Z");
            json.WriteNumber("size_vram", 0);
            json.WriteNumber("context_length", model.Engine.Context);
        }

        json.WriteEndObject();
    }

    /// <summary>What kind of model it is.</summary>
    public static void Details(Utf8JsonWriter json, LoadedModel model)
    {
        json.WriteStartObject("details");
        json.WriteString("parent_model", "");
        json.WriteString("format", "gguf");
        json.WriteString("family", model.Engine.Spec.Family);
        json.WriteStartArray("families");
        json.WriteStringValue(model.Engine.Spec.Family);
        json.WriteEndArray();
        json.WriteString("parameter_size", "");
        json.WriteString("quantization_level", "");
        json.WriteEndObject();
    }

    /// <summary>A time as the API writes it.</summary>
    public static string Time(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);
}
