using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session.Outlook;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>What other budgets would buy, predicted from what generations of this model showed.</summary>
internal static class PlanEndpoint
{
    private static readonly SemaphoreSlim s_one = new(1, 1); // a curve takes a processor for a moment

    /// <summary>The curve.</summary>
    /// <exception cref="ApiException">503 while the model loads.</exception>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        using ModelHold hold = state.Watch();
        KnownCurve known;
        await s_one.WaitAsync(http.RequestAborted);
        try
        {
            known = await Task.Run(() => hold.Served.Speed.Curve(http.RequestAborted), http.RequestAborted);
        }
        finally
        {
            s_one.Release();
        }

        CurveReport curve = CurveReport.Of(known, hold.Served.Model.Engine.CurrentPlan.Sheet.BudgetBytes);
        await JsonReply.SendAsync(http, 200, curve, ApiReportJson.Default.CurveReport);
    }
}
