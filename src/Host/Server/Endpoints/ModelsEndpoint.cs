using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The models of this server: one.</summary>
internal static class ModelsEndpoint
{
    private const string Prefix = "/v1/models/";

    /// <summary>The list.</summary>
    public static Task ListAsync(HttpContext http, ServerState state) => JsonReply.SendAsync(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        WriteModel(json, state);
        json.WriteEndArray();
        json.WriteBoolean("has_more", false);
        json.WriteString("first_id", state.ModelId);
        json.WriteString("last_id", state.ModelId);
        json.WriteEndObject();
    });

    /// <summary>One model by its name.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static Task OneAsync(HttpContext http, ServerState state) =>
        ModelNames.Mean(http.Request.Path.Value![Prefix.Length..], state.ModelId)
        ? JsonReply.SendAsync(http, 200, json => WriteModel(json, state))
        : throw new ApiException(404, "invalid_request_error", $"there is no such model here; this server has '{state.ModelId}'",
        "model_not_found", "model");

    private static void WriteModel(Utf8JsonWriter json, ServerState state)
    {
        json.WriteStartObject();
        json.WriteString("id", state.ModelId);
        json.WriteString("object", "model");
        json.WriteString("type", "model");
        json.WriteString("display_name", state.ModelId);
        json.WriteNumber("created", (state.Model?.Created ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds());
        json.WriteString("created_at", state.Model?.Created ?? DateTimeOffset.UtcNow);
        json.WriteString("owned_by", "layerstream");
        if (state.Model is { } model)
        {
            json.WriteNumber("context_length", model.Engine.Context);
            json.WriteNumber("max_model_len", model.Engine.Context);
            json.WriteStartObject("meta");
            json.WriteNumber("n_ctx", model.Engine.Context);
            json.WriteNumber("n_ctx_train", model.Engine.Spec.TrainedContext);
            json.WriteNumber("n_vocab", model.Engine.Spec.Vocabulary);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
