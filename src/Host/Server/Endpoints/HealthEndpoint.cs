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

        if (state.Model is not { } model)
        {
            ProgressReport? progress = state.Progress is { } p ? new ProgressReport(p.Stage, p.DoneBytes, p.TotalBytes) : null;
            return SendAsync(http, 503, new HealthReport("loading", Progress: progress));
        }

        if (model.Engine.Failure is { } failure)
        {
            return SendAsync(http, 503, new HealthReport("failed", failure.Message));
        }

        return model.Engine.FindChange() is { } change
            ? SendAsync(http, 503, new HealthReport("model_changed", $"{Path.GetFileName(change.File)} {change.Change}"))
            : SendAsync(http, 200, new HealthReport("ok"));
    }

    private static Task SendAsync(HttpContext http, int status, HealthReport report) =>
        JsonReply.SendAsync(http, status, report, ApiReportJson.Default.HealthReport);
}
