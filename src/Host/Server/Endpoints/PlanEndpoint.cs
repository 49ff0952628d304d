using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Planning;
using LayerStream.Session;
using LayerStream.Session.Outlook;
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
        if (state is not { Model: { } model, Speed: { } speed })
        {
            throw ServerState.Loading;
        }

        KnownCurve known;
        await s_one.WaitAsync(http.RequestAborted);
        try
        {
            known = await Task.Run(() => speed.Curve(http.RequestAborted), http.RequestAborted);
        }
        finally
        {
            s_one.Release();
        }

        await SendAsync(http, model, known);
    }

    private static Task SendAsync(HttpContext http, LoadedModel model, KnownCurve known)
    {
        long budget = model.Engine.CurrentPlan.Sheet.BudgetBytes;
        return JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("summary", CurveText.Summary(known.Curve, budget, known.Basis.Source));
            json.WriteString("source", CurveText.Name(known.Basis.Source));
            json.WriteNumber("budget_bytes", budget);
            json.WriteNumber("knee", known.Curve.Knee);
            json.WriteStartArray("points");
            foreach (SpeedPoint point in known.Curve.Points)
            {
                json.WriteStartObject();
                json.WriteNumber("budget_bytes", point.BudgetBytes);
                json.WriteNumber("tokens_per_second", Math.Round(point.TokensPerSecond, 3));
                json.WriteNumber("bytes_per_token", Math.Round(point.BytesPerToken));
                json.WriteString("bound_by", CurveText.Name(point.Limit));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }
}
