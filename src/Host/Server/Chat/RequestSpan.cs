using System.Diagnostics;
using LayerStream.Host.Telemetry;

namespace LayerStream.Host.Server.Chat;

/// <summary>The span of one request; numbers and names only, never text of a prompt or an answer.</summary>
internal static class RequestSpan
{
    /// <summary>Starts the span; null when nobody listens.</summary>
    public static Activity? Start(DaemonMetrics metrics, string model, string id, ChatRequest request)
    {
        Activity? span = metrics.Source.StartActivity("chat " + model, ActivityKind.Server);
        span?.SetTag(TelemetryNames.Operation, "chat");
        span?.SetTag(TelemetryNames.Provider, "layerstream");
        span?.SetTag(TelemetryNames.RequestModel, model);
        span?.SetTag(TelemetryNames.ResponseModel, model);
        span?.SetTag(TelemetryNames.ResponseId, id);
        span?.SetTag(TelemetryNames.Temperature, request.Sampling.Temperature);
        span?.SetTag(TelemetryNames.TopP, request.Sampling.TopP);
        span?.SetTag(TelemetryNames.MaxTokens, request.MaxTokens);
        return span;
    }

    /// <summary>Adds what the request came to.</summary>
    public static void End(Activity? span, RequestFigures figures)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag(TelemetryNames.InputTokens, figures.PromptTokens);
        span.SetTag(TelemetryNames.OutputTokens, figures.GeneratedTokens);
        if (figures.Outcome == "error")
        {
            span.SetTag(TelemetryNames.ErrorType, "error");
            span.SetStatus(ActivityStatusCode.Error);
        }
        else
        {
            span.SetTag(TelemetryNames.FinishReasons, new[] { figures.Outcome });
        }
    }
}
