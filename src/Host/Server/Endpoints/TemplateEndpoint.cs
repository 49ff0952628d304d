using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The prompt that a chat completion request would have.</summary>
internal static class TemplateEndpoint
{
    /// <summary>Renders it.</summary>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, ChatPreparation.LimitBytes, null);
        string prompt = await ChatPreparation.RenderAsync(asked.TakeBody(), state, asked.Model, asked.Memory, http.RequestAborted);
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", prompt);
            json.WriteEndObject();
        });
    }
}
