using LayerStream.Host.Server.Embeddings;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Embeddings, by models that are made for them.</summary>
internal static class EmbeddingsEndpoint
{
    /// <summary>Answers one request of the OpenAI API.</summary>
    /// <exception cref="ApiException">501 for other models.</exception>
    public static Task HandleAsync(HttpContext http, ServerState state) => EmbeddingAnswer.SendAsync(http, state, EmbeddingForm.OpenAi);

    /// <summary>Answers one request of the Ollama API.</summary>
    public static Task OllamaAsync(HttpContext http, ServerState state) => EmbeddingAnswer.SendAsync(http, state, EmbeddingForm.Ollama);

    /// <summary>Answers one request of the Ollama API's older way.</summary>
    public static Task OllamaPromptAsync(HttpContext http, ServerState state) =>
        EmbeddingAnswer.SendAsync(http, state, EmbeddingForm.OllamaPrompt);
}
