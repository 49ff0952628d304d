using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Responses;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The OpenAI responses API.</summary>
internal static class ResponsesEndpoint
{
    private const string Prefix = "/v1/responses/";
    private const string InputItems = "/input_items";
    private const int UsualItems = 20;
    private const int MostItems = 100;

    /// <summary>Answers one request.</summary>
    public static Task HandleAsync(HttpContext http, ServerState state)
    {
        state.RequireModel();
        ResponsesContext context = new(state.Responses!, RequestGuard.ScopeOf(http.Request));
        return TranslatedAnswer.SendAsync(http, state, (body, memory) => ResponsesMembers.Translate(body, context, memory),
            prepared => new ResponsesShape(prepared, context));
    }

    /// <summary>A stored response, or the items in front of it.</summary>
    /// <exception cref="ApiException">404; 400 for a parameter that does not fit.</exception>
    public static Task FindAsync(HttpContext http, ServerState state)
    {
        string id = http.Request.Path.Value![Prefix.Length..];
        bool asksItems = id.EndsWith(InputItems, StringComparison.Ordinal);
        StoredResponses.Stored found = Find(http, state, asksItems ? id[..^InputItems.Length] : id);
        if (http.Request.Query.ContainsKey("stream") && http.Request.Query["stream"] != "false")
        {
            throw ApiException.Invalid("stream", "this server does not support the parameter 'stream' here", "unsupported_parameter");
        }

        return JsonReply.SendAsync(http, 200, json =>
        {
            if (asksItems)
            {
                WriteItems(json, found, http.Request.Query);
            }
            else
            {
                json.WriteRawValue(found.Response, skipInputValidation: true);
            }
        });
    }

    /// <summary>Forgets a stored response.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static Task DeleteAsync(HttpContext http, ServerState state)
    {
        string id = http.Request.Path.Value![Prefix.Length..];
        return state.Responses?.Remove(RequestGuard.ScopeOf(http.Request), id) == true
            ? JsonReply.SendAsync(http, 200, json =>
            {
                json.WriteStartObject();
                json.WriteString("id", id);
                json.WriteString("object", "response");
                json.WriteBoolean("deleted", true);
                json.WriteEndObject();
            })
            : throw Unknown();
    }

    private static void WriteItems(Utf8JsonWriter json, StoredResponses.Stored found, IQueryCollection query)
    {
        using JsonDocument items = JsonDocument.Parse(found.Items);
        ListPage.Write(json, query, [.. items.RootElement.EnumerateArray().Reverse()], IdOf, (page, item) => item.WriteTo(page), UsualItems,
            MostItems);
    }

    private static string? IdOf(JsonElement item) => JsonParts.Find(item, "id") is { ValueKind: JsonValueKind.String } id ? id.GetString()
        : null;

    private static StoredResponses.Stored Find(HttpContext http, ServerState state, string id) =>
        state.Responses is { } stored && stored.TryFind(RequestGuard.ScopeOf(http.Request), id, out StoredResponses.Stored? found)
            ? found : throw Unknown();

    private static ApiException Unknown() => new(404, "invalid_request_error",
        "there is no such response here: it was not stored, was forgotten, or belongs to another key", "response_not_found");
}
