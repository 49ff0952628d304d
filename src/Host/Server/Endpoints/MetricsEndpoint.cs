using LayerStream.Actors;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Memory;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Metrics as Prometheus text.</summary>
internal static class MetricsEndpoint
{
    /// <summary>The page.</summary>
    public static Task HandleAsync(HttpContext http, ServerState state)
    {
        PrometheusPage page = new();
        Requests(page, state);
        if (state.Model is { } model)
        {
            Engine(page, model);
        }

        page.Metric("layerstream_memory_resident_bytes", "gauge", "Resident memory of the process.")
            .Sample("layerstream_memory_resident_bytes", ProcessMemory.ResidentBytes())
            .Metric("layerstream_memory_resident_peak_bytes", "gauge", "Highest resident memory so far.")
            .Sample("layerstream_memory_resident_peak_bytes", ProcessMemory.PeakResidentBytes());
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(page.ToString(), http.RequestAborted);
    }

    private static void Requests(PrometheusPage page, ServerState state)
    {
        DaemonMetrics metrics = state.Metrics;
        page.Metric("layerstream_ready", "gauge", "1 when requests are served.")
            .Sample("layerstream_ready", state.Model is not null && !state.Admission.IsDraining ? 1 : 0);
        page.Metric("layerstream_requests_total", "counter", "Finished chat requests by outcome.");
        foreach ((string outcome, long count) in metrics.Outcomes)
        {
            page.Sample("layerstream_requests_total", "outcome", outcome, count);
        }

        page.Metric("layerstream_request_rejections_total", "counter", "Refused requests by HTTP status.");
        foreach ((int status, long count) in metrics.Rejections)
        {
            page.Sample("layerstream_request_rejections_total", "status",
                status.ToString(System.Globalization.CultureInfo.InvariantCulture), count);
        }

        page.Metric("layerstream_request_queue_count", "gauge", "Requests waiting for their turn.")
            .Sample("layerstream_request_queue_count", state.Admission.Waiting)
            .Metric("layerstream_requests_running", "gauge", "Requests running.")
            .Sample("layerstream_requests_running", state.Admission.Running)
            .Metric("layerstream_tokens_total", "counter", "Tokens of finished requests.")
            .Sample("layerstream_tokens_total", "type", "input", metrics.PromptTokens)
            .Sample("layerstream_tokens_total", "type", "output", metrics.GeneratedTokens)
            .Metric("layerstream_streamed_bytes_total", "counter", "Bytes of weights that finished requests demanded from the ring.")
            .Sample("layerstream_streamed_bytes_total", metrics.BytesStreamed)
            .Metric("layerstream_stall_seconds_total", "counter", "Seconds compute waited, by reason.");
        foreach ((string reason, double seconds) in metrics.Stalls)
        {
            page.Sample("layerstream_stall_seconds_total", "reason", reason, seconds);
        }

        page.Histogram("gen_ai_server_request_duration_seconds", "Arrival to end of a request.", metrics.Duration)
            .Histogram("gen_ai_server_time_to_first_token_seconds", "Arrival to first token.", metrics.FirstToken)
            .Histogram("gen_ai_server_time_per_output_token_seconds", "Time of each token behind the first.", metrics.PerToken);
    }

    private static void Engine(PrometheusPage page, LoadedModel model)
    {
        EngineStatus status = model.Engine.Status();
        EnginePlan plan = model.Engine.CurrentPlan;
        page.Metric("layerstream_disk_read_bytes_total", "counter", "Bytes read from the device.")
            .Sample("layerstream_disk_read_bytes_total", status.BytesRead)
            .Metric("layerstream_disk_busy_seconds_total", "counter", "Seconds with a read in flight.")
            .Sample("layerstream_disk_busy_seconds_total", status.LoadSeconds)
            .Metric("layerstream_compute_seconds_total", "counter", "Seconds compute was busy.")
            .Sample("layerstream_compute_seconds_total", status.ComputeSeconds)
            .Metric("layerstream_expert_lookups_total", "counter", "Experts that passes demanded: in memory (hit) or read (miss).")
            .Sample("layerstream_expert_lookups_total", "result", "hit", status.ExpertHits)
            .Sample("layerstream_expert_lookups_total", "result", "miss", status.ExpertMisses)
            .Metric("layerstream_expert_io_bytes_total", "counter",
            "Bytes of experts that passes demanded and had read, and bytes read that none used.")
            .Sample("layerstream_expert_io_bytes_total", "use", "demanded", status.ExpertBytesDemanded)
            .Sample("layerstream_expert_io_bytes_total", "use", "wasted", status.ExpertBytesWasted)
            .Metric("layerstream_expert_skips_total", "counter", "Choices of experts that --drop-cold-experts skipped.")
            .Sample("layerstream_expert_skips_total", status.ExpertsSkipped)
            .Metric("layerstream_passes_total", "counter", "Passes over the model.")
            .Sample("layerstream_passes_total", status.Passes)
            .Metric("layerstream_pass_rows_total", "counter", "Rows of all passes: tokens of prompts, newest tokens and guesses.")
            .Sample("layerstream_pass_rows_total", status.PassRows)
            .Metric("layerstream_cached_tokens_total", "counter", "Tokens of prompts that were in memory and were not read again.")
            .Sample("layerstream_cached_tokens_total", status.CachedTokens)
            .Metric("layerstream_draft_tokens_total", "counter", "Guesses that passes tried: drawn as well (accepted) or not (wrong).")
            .Sample("layerstream_draft_tokens_total", "result", "accepted", status.AcceptedTokens)
            .Sample("layerstream_draft_tokens_total", "result", "wrong", status.DraftedTokens - status.AcceptedTokens)
            .Metric("layerstream_sequences_running", "gauge", "Sequences that share the passes now.")
            .Sample("layerstream_sequences_running", status.RunningSequences)
            .Metric("layerstream_prefetch_depth", "gauge", "Slots that may be ahead of compute.")
            .Sample("layerstream_prefetch_depth", status.Depth)
            .Metric("layerstream_memory_limit_bytes", "gauge", "The memory budget.")
            .Sample("layerstream_memory_limit_bytes", plan.Sheet.BudgetBytes)
            .Metric("layerstream_memory_plan_bytes", "gauge", "Accounts of the budget sheet.");
        foreach ((string account, long bytes) in plan.Sheet.Accounts)
        {
            page.Sample("layerstream_memory_plan_bytes", "account", account, bytes);
        }
    }
}
