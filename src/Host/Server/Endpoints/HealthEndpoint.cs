using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Whether the process lives, and whether it can serve.</summary>
internal static class HealthEndpoint
{
    /// <summary>200 as long as the process answers.</summary>
    public static Task LiveAsync(HttpContext http, ServerState state) => SendAsync(http, 200, new HealthReport("ok"));

    /// <summary>200 when requests are served; 503 with progress while the model loads, while draining, and with the reason once a model
    /// file was changed in place or the engine has failed for good.</summary>
    public static Task ReadyAsync(HttpContext http, ServerState state)
    {
        if (state.Admission.IsDraining)
        {
            return SendAsync(http, 503, new HealthReport("draining"));
        }

        if (state.Switch is { HasStarted: true } models)
        {
            string? name = models.LoadingNow?.Id ?? state.Served?.Id;
            if (models.LoadingNow is not null || models.IsUnloading)
            {
                return SendAsync(http, 200, new HealthReport("switching", Progress: ServedList.Progress(state), Model: name));
            }

            if (name is null)
            {
                return SendAsync(http, 200, new HealthReport("ok", "no model is loaded; the next request for one loads it"));
            }
        }

        using ModelHold? hold = state.Served?.TryWatch();
        if (hold?.Served.Model is not { } model)
        {
            return SendAsync(http, 503, new HealthReport("loading", Progress: ServedList.Progress(state)));
        }

        if (model.Engine.Failure is { } failure)
        {
            return SendAsync(http, 503, new HealthReport("failed", failure.Message));
        }

        return model.Engine.FindChange() is { } change
            ? SendAsync(http, 503, new HealthReport("model_changed", $"{Path.GetFileName(change.File)} {change.Change}"))
            : SendAsync(http, 200, new HealthReport("ok", Model: state.Switch is null ? null : hold.Served.Id));
    }

    private static Task SendAsync(HttpContext http, int status, HealthReport report) =>
        JsonReply.SendAsync(http, status, report, ApiReportJson.Default.HealthReport);
}
