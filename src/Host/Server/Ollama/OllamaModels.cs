using System.Text.Json;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Server.Ollama;

/// <summary>Models that need not be loaded, as objects of the Ollama API.</summary>
internal static class OllamaModels
{
    /// <summary>A model of a list.</summary>
    /// <param name="json">Where it is written.</param>
    /// <param name="model">The model.</param>
    /// <param name="context">Tokens of its context; null = it is not loaded.</param>
    /// <param name="expires">When it is unloaded; null = it stays, or is not loaded.</param>
    public static void Write(Utf8JsonWriter json, ServedModelReport model, int? context, DateTimeOffset? expires)
    {
        json.WriteStartObject();
        json.WriteString("name", model.Id);
        json.WriteString("model", model.Id);
        json.WriteString("modified_at", OllamaJson.Time(model.ModifiedAt));
        json.WriteNumber("size", model.Bytes);
        json.WriteString("digest", "");
        Details(json, model.Architecture, model.Parameters, model.Type);
        if (context is { } tokens)
        {
            json.WriteString("expires_at", expires is { } at ? OllamaJson.Time(at) : "9999-12-31T23:59:59Z");
            json.WriteNumber("size_vram", 0);
            json.WriteNumber("context_length", tokens);
        }

        json.WriteEndObject();
    }

    /// <summary>What is known of a model that is not loaded.</summary>
    public static void Show(Utf8JsonWriter json, ServableModel model, EntryReport? known)
    {
        json.WriteStartObject();
        json.WriteString("modelfile", "");
        json.WriteString("parameters", string.Join('\n', (model.Preset?.Settings ?? []).Select(s => $"{s.Key} {s.Value}")));
        json.WriteString("template", "");
        json.WriteString("modified_at", OllamaJson.Time(model.Entry.ModifiedAt));
        Details(json, known?.Facts?.Architecture, known?.Facts?.Parameters, known?.Facts?.Type);
        json.WriteStartObject("model_info");
        if (known?.Facts is { Architecture: { } architecture } facts)
        {
            json.WriteString("general.architecture", architecture);
            json.WriteNumber("general.parameter_count", facts.Parameters);
            json.WriteNumber(architecture + ".context_length", facts.Context);
        }

        json.WriteEndObject();
        json.WriteStartArray("capabilities");
        json.WriteStringValue("completion");
        json.WriteStringValue("tools");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Details(Utf8JsonWriter json, string? family, long? parameters, string? type)
    {
        json.WriteStartObject("details");
        json.WriteString("parent_model", "");
        json.WriteString("format", "gguf");
        json.WriteString("family", family ?? "");
        json.WriteStartArray("families");
        if (family is not null)
        {
            json.WriteStringValue(family);
        }

        json.WriteEndArray();
        json.WriteString("parameter_size", parameters is { } weights ? ModelFacts.Rounded(weights) : "");
        json.WriteString("quantization_level", type ?? "");
        json.WriteEndObject();
    }
}
