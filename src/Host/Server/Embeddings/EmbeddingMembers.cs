using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Embeddings;

/// <summary>Members of requests for embeddings.</summary>
internal static class EmbeddingMembers
{
    private const int MostInputs = 2048;

    private static readonly Parameter s_model = ChatParameters.Does("model", "as in chat completions",
        (r, v, n) => r.Model = JsonFields.Text(v, n));

    private static readonly Parameter s_input = Does("input", "a text, token ids, or an array of either",
        (r, v, n) => r.Inputs = CompletionParameters.Prompts(v, n, MostInputs));

    private static readonly Parameter s_dimensions = Does("dimensions", "the first values only, of length 1 again",
        (r, v, n) => r.Dimensions = (int)JsonFields.Integer(v, n, 1, int.MaxValue));

    /// <summary>Of the OpenAI API.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        s_model,
        s_input,
        s_dimensions,
        Does("encoding_format", "float or base64", (r, v, n) => r.IsBase64 = JsonFields.Text(v, n) switch
        {
            "float" => false,
            "base64" => true,
            _ => throw ApiException.Invalid(n, $"'{n}' must be float or base64", "invalid_value"),
        }),
        .. ParameterTable.Hints("user"),
    ];

    /// <summary>Of the Ollama API.</summary>
    public static IReadOnlyList<Parameter> Ollama { get; } =
    [
        s_model,
        s_input,
        s_dimensions,
        Does("truncate", "true (unless said) = texts that are too long are cut", (r, v, n) => r.Truncates = JsonFields.Flag(v, n)),
        .. ParameterTable.Hints("options", "keep_alive", "CustomHeaders"),
    ];

    /// <summary>Of the Ollama API's older way, for one text.</summary>
    public static IReadOnlyList<Parameter> OllamaPrompt { get; } =
    [
        s_model,
        Does("prompt", "a text", (r, v, n) => r.Inputs = [new CompletionPrompt(JsonFields.Text(v, n), null)]),
        .. ParameterTable.Hints("options", "keep_alive", "CustomHeaders"),
    ];

    private static Parameter Does(string name, string note, Action<EmbeddingRequest, JsonElement, string> read) =>
        ChatParameters.Does(name, note, (r, v, n) => read((EmbeddingRequest)r, v, n));
}
