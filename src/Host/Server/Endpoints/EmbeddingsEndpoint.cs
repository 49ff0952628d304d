using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Embeddings: no model that this program runs is made for them.</summary>
internal static class EmbeddingsEndpoint
{
    /// <summary>Refuses by name.</summary>
    /// <exception cref="ApiException">501.</exception>
    public static Task HandleAsync(HttpContext http, ServerState state) => throw new ApiException(501, "invalid_request_error",
        $"'{state.ModelId}' is a model that writes text, and none that makes embeddings", "embeddings_not_supported", "model");
}
