using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The models of this server.</summary>
internal static class ModelsEndpoint
{
    private const string Prefix = "/v1/models/";

    /// <summary>The list.</summary>
    public static Task ListAsync(HttpContext http, ServerState state)
    {
        IReadOnlyList<ServedModelReport?> models = state.Switch is not { } all ? [null]
            : [.. ServedList.Of(state, all).Models.Where(m => m.State != "unusable")];
        return JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (ServedModelReport? model in models)
            {
                WriteModel(json, state, model);
            }

            json.WriteEndArray();
            json.WriteBoolean("has_more", false);
            json.WriteString("first_id", models.Count == 0 ? null : models[0]?.Id ?? state.ModelId);
            json.WriteString("last_id", models.Count == 0 ? null : models[^1]?.Id ?? state.ModelId);
            json.WriteEndObject();
        });
    }

    /// <summary>One model by its name.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static Task OneAsync(HttpContext http, ServerState state)
    {
        string name = http.Request.Path.Value![Prefix.Length..];
        ServedModelReport? model = null;
        if (state.Switch is { } models)
        {
            model = ServedList.Of(state, models, models.Resolve(name));
        }
        else
        {
            ModelNames.Require(name, state);
        }

        return JsonReply.SendAsync(http, 200, json => WriteModel(json, state, model));
    }

    private static void WriteModel(Utf8JsonWriter json, ServerState state, ServedModelReport? listed)
    {
        LoadedModel? model = listed is null or { State: "loaded" or "unloading" } ? state.Model : null;
        DateTimeOffset created = listed?.ModifiedAt ?? model?.Created ?? DateTimeOffset.UtcNow;
        string id = listed?.Id ?? state.ModelId;
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "model");
        json.WriteString("type", "model");
        json.WriteString("display_name", id);
        json.WriteNumber("created", created.ToUnixTimeSeconds());
        json.WriteString("created_at", created);
        json.WriteString("owned_by", "layerstream");
        if (model is not null)
        {
            json.WriteNumber("context_length", model.Engine.Context);
            json.WriteNumber("max_model_len", model.Engine.Context);
            json.WriteStartObject("meta");
            json.WriteNumber("n_ctx", model.Engine.Context);
            json.WriteNumber("n_ctx_train", model.Engine.Spec.TrainedContext);
            json.WriteNumber("n_vocab", model.Engine.Spec.Vocabulary);
            json.WriteEndObject();
        }

        if (listed is not null)
        {
            WriteListed(json, listed);
        }

        json.WriteEndObject();
    }

    private static void WriteListed(Utf8JsonWriter json, ServedModelReport listed)
    {
        json.WriteString("state", listed.State);
        json.WriteStartArray("aliases");
        foreach (string alias in listed.Aliases)
        {
            json.WriteStringValue(alias);
        }

        json.WriteEndArray();
        if (listed.Plan is { } plan)
        {
            json.WritePropertyName("plan");
            JsonSerializer.Serialize(json, plan, ApiReportJson.Default.FitReport);
        }

        if (listed.Progress is { } progress)
        {
            json.WritePropertyName("progress");
            JsonSerializer.Serialize(json, progress, ApiReportJson.Default.ProgressReport);
        }
    }
}
