using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Ollama;

/// <summary>A prompt without a chat template as a completion request.</summary>
internal static class OllamaCompletion
{
    /// <summary>Writes what its members mean together.</summary>
    /// <exception cref="ApiException">400: a member that such a prompt has no place for.</exception>
    public static void Write(Utf8JsonWriter json, JsonElement root)
    {
        if (JsonParts.Text(root, "system", "request") is { Length: > 0 })
        {
            throw ApiException.Invalid("system", "'system' needs the chat template, which a raw prompt or one with a suffix goes without",
                "conflicting_parameters");
        }

        OllamaMembers.WriteStream(json, root);
        json.WriteString("prompt", JsonParts.Text(root, "prompt", "request") ?? "");
        if (JsonParts.Text(root, "suffix", "request") is { Length: > 0 } suffix)
        {
            json.WriteString("suffix", suffix);
        }

        if (JsonParts.Find(root, "options") is not { } options || OllamaMembers.LimitOf(options) is null)
        {
            json.WriteNumber("max_tokens", -1);
        }

        if (JsonParts.Find(root, "logprobs") is { } asked && JsonFields.Flag(asked, "logprobs"))
        {
            json.WriteNumber("logprobs", JsonParts.Find(root, "top_logprobs") is { } top
                ? JsonFields.Integer(top, "top_logprobs", 0, Sampling.SamplingOptions.MostAlternatives) : 0);
        }
    }
}
