using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Scoring;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Closed questions: a probability for each answer.</summary>
internal static class ScoreEndpoint
{
    /// <summary>Answers one request.</summary>
    /// <exception cref="ApiException">What is wrong with the request.</exception>
    public static Task HandleAsync(HttpContext http, ServerState state) => ScoreAnswer.SendAsync(http, state);
}
