using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The prompt that a chat completion request would have.</summary>
internal static class TemplateEndpoint
{
    /// <summary>Renders it.</summary>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        RequestGuard.RequireJson(http.Request);
        LoadedModel model = state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(http, memory, ChatPreparation.LimitBytes(model));
        string prompt = await ChatPreparation.RenderAsync(body, state, model, memory, http.RequestAborted);
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", prompt);
            json.WriteEndObject();
        });
    }
}
