using System.Diagnostics;
using LayerStream.Host.Telemetry;

namespace LayerStream.Host.Server.Chat;

/// <summary>The span of one request; numbers and names only, never text of a prompt or an answer.</summary>
internal static class RequestSpan
{
    /// <summary>Starts the span; null when nobody listens.</summary>
    public static Activity? Start(DaemonMetrics metrics, string model, string id, ChatRequest request)
    {
        Activity? span = metrics.Source.StartActivity(TelemetryNames.Chat + " " + model, ActivityKind.Server);
        span?.SetTag(TelemetryNames.Operation, TelemetryNames.Chat);
        span?.SetTag(TelemetryNames.Provider, TelemetryNames.ProviderValue);
        span?.SetTag(TelemetryNames.RequestModel, model);
        span?.SetTag(TelemetryNames.ResponseModel, model);
        span?.SetTag(TelemetryNames.ResponseId, id);
        span?.SetTag(TelemetryNames.Temperature, request.Sampling.Temperature);
        span?.SetTag(TelemetryNames.TopP, request.Sampling.TopP);
        span?.SetTag(TelemetryNames.MaxTokens, request.MaxTokens);
        return span;
    }

    /// <summary>Adds what the request came to, and a span each for what was before its first token and behind it.</summary>
    public static void End(Activity? span, RequestFigures figures)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag(TelemetryNames.InputTokens, figures.PromptTokens);
        span.SetTag(TelemetryNames.CachedInputTokens, figures.ReusedTokens);
        span.SetTag(TelemetryNames.OutputTokens, figures.GeneratedTokens);
        if (figures.Outcome == RequestFigures.ErrorOutcome)
        {
            span.SetTag(TelemetryNames.ErrorType, TelemetryNames.ErrorOther);
            span.SetStatus(ActivityStatusCode.Error);
        }
        else
        {
            span.SetTag(TelemetryNames.FinishReasons, new[] { figures.Outcome });
        }

        DateTimeOffset end = DateTimeOffset.UtcNow, begin = end - TimeSpan.FromSeconds(figures.Seconds);
        if (figures.FirstTokenSeconds >= 0)
        {
            DateTimeOffset first = begin + TimeSpan.FromSeconds(figures.FirstTokenSeconds);
            Part(span, "prompt", begin, first)?.Dispose();
            using Activity? decode = Part(span, "decode", first, end);
            foreach ((string reason, double seconds) in figures.StallSeconds)
            {
                decode?.SetTag(TelemetryNames.StallTime + "." + reason, seconds);
            }
        }
    }

    private static Activity? Part(Activity span, string name, DateTimeOffset begin, DateTimeOffset end) =>
        span.Source.StartActivity(name, ActivityKind.Internal, span.Context, startTime: begin)?.SetEndTime(end.UtcDateTime);
}
