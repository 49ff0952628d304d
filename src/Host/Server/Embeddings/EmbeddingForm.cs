using System.Runtime.InteropServices;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Ollama;

namespace LayerStream.Host.Server.Embeddings;

/// <summary>A protocol's way to ask for embeddings and to send them.</summary>
/// <param name="Rows">Members of a request.</param>
/// <param name="Truncates">Whether texts that are too long are cut unless the request says otherwise.</param>
/// <param name="Write">Writes vectors, with the model's name and the tokens read.</param>
/// <param name="Error">Writes an error.</param>
internal sealed record EmbeddingForm(ParameterTable Rows, bool Truncates,
    Action<Utf8JsonWriter, EmbeddingRequest, IReadOnlyList<float[]>, string, int> Write, Action<Utf8JsonWriter, ApiException> Error)
{
    /// <summary>Of the OpenAI API.</summary>
    public static EmbeddingForm OpenAi { get; } = new(new ParameterTable(EmbeddingMembers.Rows), false, WriteList,
        JsonReply.WriteError);

    /// <summary>Of the Ollama API.</summary>
    public static EmbeddingForm Ollama { get; } = new(new ParameterTable(EmbeddingMembers.Ollama), true, WriteOllama,
        OllamaJson.Error);

    /// <summary>Of the Ollama API's older way.</summary>
    public static EmbeddingForm OllamaPrompt { get; } = new(new ParameterTable(EmbeddingMembers.OllamaPrompt), true, WriteOne,
        OllamaJson.Error);

    private static void WriteList(Utf8JsonWriter json, EmbeddingRequest request, IReadOnlyList<float[]> vectors, string model, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (int i = 0; i < vectors.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", i);
            json.WritePropertyName("embedding");
            if (request.IsBase64)
            {
                json.WriteBase64StringValue(MemoryMarshal.AsBytes(vectors[i].AsSpan()));
            }
            else
            {
                WriteVector(json, vectors[i]);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", tokens);
        json.WriteNumber("total_tokens", tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteOllama(Utf8JsonWriter json, EmbeddingRequest request, IReadOnlyList<float[]> vectors, string model, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteStartArray("embeddings");
        foreach (float[] vector in vectors)
        {
            WriteVector(json, vector);
        }

        json.WriteEndArray();
        json.WriteNumber("prompt_eval_count", tokens);
        json.WriteEndObject();
    }

    private static void WriteOne(Utf8JsonWriter json, EmbeddingRequest request, IReadOnlyList<float[]> vectors, string model, int tokens)
    {
        json.WriteStartObject();
        json.WritePropertyName("embedding");
        WriteVector(json, vectors[0]);
        json.WriteEndObject();
    }

    private static void WriteVector(Utf8JsonWriter json, float[] vector)
    {
        json.WriteStartArray();
        foreach (float value in vector)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
