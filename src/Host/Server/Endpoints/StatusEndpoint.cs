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
    public static Task HandleAsync(HttpContext http, ServerState state)
    {
        LoadedModel model = state.Model ?? throw ServerState.Loading;
        DivisionReport plan = DivisionReport.Of(model.Engine.CurrentPlan) with { PredictedTokensPerSecond = state.Speed?.Predicted };
        RequestsReport requests = new(state.Admission.Running, state.Admission.Waiting, state.Admission.QueueLimit);
        StatusReport status = new(model.Id, StateOf(state, model), plan, EngineReport.Of(model), requests, ProcessMemoryReport.Now());
        return JsonReply.SendAsync(http, 200, status, ApiReportJson.Default.StatusReport);
    }

    private static string StateOf(ServerState state, LoadedModel model) => state.Admission.IsDraining ? "draining"
        : model.Engine.FindChange() is null ? "ready" : "model_changed";
}
