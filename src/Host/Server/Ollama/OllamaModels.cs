using System.Text.Json;
using LayerStream.Models.Spec;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Server.Ollama;

/// <summary>Models as objects of the Ollama API: the one of a server, or those that it may load.</summary>
internal static class OllamaModels
{
    private static readonly string[] s_usual = ["completion", "tools"];

    /// <summary>A model of a list.</summary>
    /// <param name="json">Where it is written.</param>
    /// <param name="model">The model.</param>
    /// <param name="context">Tokens of its context; null = it is not loaded.</param>
    /// <param name="expires">When it is unloaded; null = it stays, or is not loaded.</param>
    public static void Write(Utf8JsonWriter json, ServedModelReport model, int? context, DateTimeOffset? expires) => Write(json, model.Id,
        model.ModifiedAt, model.Bytes, new Kind(model.Architecture, model.Parameters, model.Type), context, expires);

    /// <summary>The one model of a server, in a list.</summary>
    public static void Write(Utf8JsonWriter json, LoadedModel model, bool isRunning) => Write(json, model.Id, model.Created,
        new FileInfo(model.Options.ModelPath) is { Exists: true } file ? file.Length : 0, Kind.Of(model),
        isRunning ? model.Engine.Context : null, expires: null);

    /// <summary>What is known of a model that is not loaded.</summary>
    public static void Show(Utf8JsonWriter json, ServableModel model, EntryReport? known) => Show(json,
        string.Join('\n', (model.Preset?.Settings ?? []).Select(s => $"{s.Key} {s.Value}")), "", model.Entry.ModifiedAt,
        new Kind(known?.Facts?.Architecture, known?.Facts?.Parameters, known?.Facts?.Type), known?.Facts?.Context ?? 0, s_usual);

    /// <summary>What is known of the loaded one.</summary>
    public static void Show(Utf8JsonWriter json, LoadedModel model) => Show(json, "", model.Template?.Source ?? "", model.Created,
        Kind.Of(model), model.Engine.Spec.TrainedContext, Capabilities(model), model.Engine.Spec);

    // What a model that makes vectors does is that, and nothing else.
    private static string[] Capabilities(LoadedModel model) => TextEmbedding.IsMadeFor(model.Engine.Spec) ? ["embedding"]
        : [.. s_usual, .. model.Tokenizer?.Fill is null ? (string[])[] : ["insert"],
            .. model.Template?.Source.Contains("think", StringComparison.Ordinal) == true ? (string[])["thinking"] : []];

    private static void Write(Utf8JsonWriter json, string id, DateTimeOffset modified, long bytes, Kind kind, int? context,
        DateTimeOffset? expires)
    {
        json.WriteStartObject();
        json.WriteString("name", id);
        json.WriteString("model", id);
        json.WriteString("modified_at", OllamaJson.Time(modified));
        json.WriteNumber("size", bytes);
        json.WriteString("digest", "");
        Details(json, kind);
        if (context is { } tokens)
        {
            json.WriteString("expires_at", expires is { } at ? OllamaJson.Time(at) : "9999-12-31T23:59:59Z");
            json.WriteNumber("size_vram", 0);
            json.WriteNumber("context_length", tokens);
        }

        json.WriteEndObject();
    }

    private static void Show(Utf8JsonWriter json, string settings, string template, DateTimeOffset modified, Kind kind,
        long trainedContext, IReadOnlyList<string> capabilities, ModelSpec? spec = null)
    {
        json.WriteStartObject();
        json.WriteString("modelfile", "");
        json.WriteString("parameters", settings);
        json.WriteString("template", template);
        json.WriteString("modified_at", OllamaJson.Time(modified));
        Details(json, kind);
        json.WriteStartObject("model_info");
        if (kind.Architecture is { } architecture)
        {
            json.WriteString("general.architecture", architecture);
            if (kind.Parameters is { } parameters)
            {
                json.WriteNumber("general.parameter_count", parameters);
            }

            json.WriteNumber(architecture + ".context_length", trainedContext);
            if (spec is not null)
            {
                json.WriteNumber(architecture + ".embedding_length", spec.Width);
                json.WriteNumber(architecture + ".block_count", spec.Layers.Count);
                json.WriteNumber(architecture + ".vocab_size", spec.Vocabulary);
            }
        }

        json.WriteEndObject();
        json.WriteStartArray("capabilities");
        foreach (string capability in capabilities)
        {
            json.WriteStringValue(capability);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Details(Utf8JsonWriter json, Kind kind)
    {
        json.WriteStartObject("details");
        json.WriteString("parent_model", "");
        json.WriteString("format", "gguf");
        json.WriteString("family", kind.Architecture ?? "");
        json.WriteStartArray("families");
        if (kind.Architecture is { } family)
        {
            json.WriteStringValue(family);
        }

        json.WriteEndArray();
        json.WriteString("parameter_size", kind.Parameters is { } weights ? ModelFacts.Rounded(weights) : "");
        json.WriteString("quantization_level", kind.Type ?? "");
        json.WriteEndObject();
    }

    /// <summary>What kind of model it is, as far as is known.</summary>
    private readonly record struct Kind(string? Architecture, long? Parameters, string? Type)
    {
        internal static Kind Of(LoadedModel model) => new(model.Model.Architecture ?? model.Engine.Spec.Family,
            model.Model.Tensors.Sum(t => t.Elements), ModelFacts.TypeOf(model.Model, null));
    }
}
