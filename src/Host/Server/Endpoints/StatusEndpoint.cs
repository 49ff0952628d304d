using System.Text.Json;
using LayerStream.Actors;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Memory;
using LayerStream.Planning.Tuning;
using LayerStream.Session;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The plan in force and what the engine is doing.</summary>
internal static class StatusEndpoint
{
    /// <summary>The status.</summary>
    /// <exception cref="ApiException">503 while the model loads.</exception>
    public static Task HandleAsync(HttpContext http, ServerState state)
    {
        LoadedModel model = state.Model ?? throw ServerState.Loading;
        return JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("model", model.Id);
            json.WriteString("state", state.Admission.IsDraining ? "draining" : model.Engine.FindChange() is null ? "ready"
                : "model_changed");
            Plan(json, model.Engine, state.Speed?.Predicted);
            Now(json, model);
            json.WriteStartObject("requests");
            json.WriteNumber("running", state.Admission.Running);
            json.WriteNumber("waiting", state.Admission.Waiting);
            json.WriteNumber("queue_limit", state.Admission.QueueLimit);
            json.WriteEndObject();
            json.WriteStartObject("memory");
            json.WriteNumber("resident_bytes", ProcessMemory.ResidentBytes());
            json.WriteNumber("resident_peak_bytes", ProcessMemory.PeakResidentBytes());
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static void Plan(Utf8JsonWriter json, Engine engine, double? predicted)
    {
        EnginePlan plan = engine.CurrentPlan;
        json.WriteStartObject("plan");
        ReportJson.WriteMembers(json, DivisionReport.Of(plan), ApiReportJson.Default.DivisionReport);
        if (predicted is { } rate)
        {
            json.WriteNumber("predicted_tokens_per_second", Math.Round(rate, 3));
        }
        else
        {
            json.WriteNull("predicted_tokens_per_second");
        }

        json.WriteEndObject();
    }

    private static void Tuning(Utf8JsonWriter json, Engine engine)
    {
        json.WriteStartObject("tuning");
        json.WriteString("finding", engine.TunerFinding);
        json.WriteBoolean("settled", engine.Tuned is not null);
        json.WriteStartArray("decisions");
        foreach (TunerDecision decision in engine.TunerDecisions)
        {
            json.WriteStartObject();
            json.WriteNumber("pass", decision.Pass);
            json.WriteNumber("depth", decision.Setting.Depth);
            json.WriteNumber("reads", decision.Setting.Reads);
            json.WriteString("reason", decision.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Now(Utf8JsonWriter json, LoadedModel model)
    {
        EngineStatus status = model.Engine.Status();
        json.WriteStartObject("engine");
        json.WriteBoolean("busy", status.Busy);
        json.WriteNumber("depth", status.Depth);
        json.WriteNumber("free_slots", status.FreeSlots);
        json.WriteNumber("total_slots", status.TotalSlots);
        json.WriteNumber("expert_slots", model.Engine.CurrentPlan.Experts.ResidentSlots);
        json.WriteNumber("expert_hits", status.ExpertHits);
        json.WriteNumber("expert_misses", status.ExpertMisses);
        json.WriteNumber("expert_bytes_demanded", status.ExpertBytesDemanded);
        json.WriteNumber("expert_bytes_wasted", status.ExpertBytesWasted);
        json.WriteNumber("experts_skipped", status.ExpertsSkipped);
        json.WriteNumber("predicted_bytes_useful", status.PredictedBytesUseful);
        json.WriteNumber("predicted_bytes_wasted", status.PredictedBytesWasted);
        json.WriteNumber("reads_in_flight", status.InFlightReads);
        json.WriteNumber("bytes_read", status.BytesRead);
        json.WriteNumber("load_seconds", status.LoadSeconds);
        json.WriteNumber("compute_seconds", status.ComputeSeconds);
        json.WriteNumber("tokens", status.Tokens);
        json.WriteNumber("sequences_running", status.RunningSequences);
        json.WriteNumber("passes", status.Passes);
        json.WriteNumber("pass_rows", status.PassRows);
        json.WriteStartObject("sweep");
        ReportJson.WriteMembers(json, SweepReport.Of(status), ApiReportJson.Default.SweepReport);
        json.WriteEndObject();
        json.WriteBoolean("direct_io", model.Engine.IsDirect);
        json.WriteString("direct_io_fallback", model.Engine.DirectFallback);
        json.WriteNumber("device_bytes_per_second", Math.Round(model.DeviceBytesPerSecond));
        Tuning(json, model.Engine);
        json.WriteEndObject();
    }
}
