using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The plan in force and what the engine is doing.</summary>
internal static class StatusEndpoint
{
    /// <summary>The status.</summary>
    /// <exception cref="ApiException">503 while the model loads.</exception>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        using ModelHold hold = state.Watch();
        LoadedModel model = hold.Served.Model;
        DivisionReport plan = DivisionReport.Of(model.Engine.CurrentPlan) with { PredictedTokensPerSecond = hold.Served.Speed.Predicted };
        int waiting = state.Admission.Waiting + (state.Switch?.Waiting ?? 0);
        RequestsReport requests = new(state.Admission.Running, waiting, state.Admission.QueueLimit);
        StatusReport status = new(hold.Served.Id, StateOf(state, model), plan, EngineReport.Of(model), requests, ProcessMemoryReport.Now());
        await JsonReply.SendAsync(http, 200, status, ApiReportJson.Default.StatusReport);
    }

    private static string StateOf(ServerState state, LoadedModel model) => state.Admission.IsDraining ? "draining"
        : model.Engine.FindChange() is null ? "ready" : "model_changed";
}
