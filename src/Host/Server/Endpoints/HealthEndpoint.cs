using System.Text.Json;
using LayerStream.Actors.Loading;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Whether the process lives, and whether it can serve.</summary>
internal static class HealthEndpoint
{
    /// <summary>200 as long as the process answers.</summary>
    public static Task LiveAsync(HttpContext http, ServerState state) => JsonReply.SendAsync(http, 200, json => Write(json, "ok", null));

    /// <summary>200 when requests are served; 503 with progress while the model loads, while draining, and with the reason once a model
    /// file was changed in place or the engine has failed for good.</summary>
    public static Task ReadyAsync(HttpContext http, ServerState state)
    {
        if (state.Admission.IsDraining)
        {
            return JsonReply.SendAsync(http, 503, json => Write(json, "draining", null));
        }

        if (state.Model is not { } model)
        {
            return JsonReply.SendAsync(http, 503, json => Write(json, "loading", state.Progress));
        }

        if (model.Engine.Failure is { } failure)
        {
            return JsonReply.SendAsync(http, 503, json => Write(json, "failed", null, failure.Message));
        }

        return model.Engine.FindChange() is { } change
            ? JsonReply.SendAsync(http, 503, json => Write(json, "model_changed", null, $"{Path.GetFileName(change.File)} {change.Change}"))
            : JsonReply.SendAsync(http, 200, json => Write(json, "ok", null));
    }

    private static void Write(Utf8JsonWriter json, string status, LoadProgress? progress, string? reason = null)
    {
        json.WriteStartObject();
        json.WriteString("status", status);
        if (reason is not null)
        {
            json.WriteString("reason", reason);
        }

        if (progress is not null)
        {
            json.WriteStartObject("progress");
            json.WriteString("stage", progress.Stage);
            json.WriteNumber("done_bytes", progress.DoneBytes);
            json.WriteNumber("total_bytes", progress.TotalBytes);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
