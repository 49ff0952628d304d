using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The Anthropic messages API.</summary>
internal static class MessagesEndpoint
{
    /// <summary>Answers one request.</summary>
    public static Task HandleAsync(HttpContext http, ServerState state) => TranslatedAnswer.SendAsync(http, state,
        (body, _) => MessagesMembers.Translation.Translate(body),
        prepared => prepared.Request.Stream ? new MessagesStream(prepared) : (AnswerShape)new MessagesWhole(prepared),
        head => head.Streams == true ? WaitingForm.Events("error", MessagesJson.Error) : WaitingForm.Whole(MessagesJson.Error));

    /// <summary>Counts the tokens of a request's prompt.</summary>
    public static async Task CountAsync(HttpContext http, ServerState state)
    {
        int tokens = await TranslatedAnswer.CountAsync(http, state, (body, _) => MessagesMembers.Translation.Translate(body));
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("input_tokens", tokens);
            json.WriteEndObject();
        });
    }
}
