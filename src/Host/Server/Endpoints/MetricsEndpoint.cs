using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Metrics as Prometheus text.</summary>
internal static class MetricsEndpoint
{
    /// <summary>The page.</summary>
    public static Task HandleAsync(HttpContext http, ServerState state)
    {
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(PrometheusPage.Write(MetricTable.Rows, state.Metrics.View()), http.RequestAborted);
    }
}
