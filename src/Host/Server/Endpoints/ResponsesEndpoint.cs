using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The OpenAI responses API, without memory.</summary>
internal static class ResponsesEndpoint
{
    /// <summary>Answers one request.</summary>
    public static Task HandleAsync(HttpContext http, ServerState state) => TranslatedAnswer.SendAsync(http, state,
        body => ResponsesMembers.Translation.Translate(body), prepared => new ResponsesShape(prepared));
}
