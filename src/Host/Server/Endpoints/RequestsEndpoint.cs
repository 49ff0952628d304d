using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Session.Reports;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Requests that wait or run, each seen and cancelled by the key that it came with alone.</summary>
internal static class RequestsEndpoint
{
    private const string Prefix = "/v1/layerstream/requests/";

    /// <summary>Those of the key that asks.</summary>
    public static Task ListAsync(HttpContext http, ServerState state) => JsonReply.SendAsync(http, 200,
        new RequestListReport("list", state.Admission.Requests(RequestGuard.HolderOf(http)?.Holder)),
        ApiReportJson.Default.RequestListReport);

    /// <summary>Cancels one by its id.</summary>
    /// <exception cref="ApiException">404: it is over, or another key's.</exception>
    public static Task CancelAsync(HttpContext http, ServerState state)
    {
        string id = http.Request.Path.Value![Prefix.Length..];
        if (!state.Admission.Cancel(id, RequestGuard.HolderOf(http)?.Holder))
        {
            throw new ApiException(404, "invalid_request_error", "no request of this id waits or runs", "not_found");
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
