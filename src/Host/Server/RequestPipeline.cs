using LayerStream.Host.Server.Endpoints;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server;

/// <summary>Guard, table, endpoint; every failure becomes an error body.</summary>
internal sealed class RequestPipeline(ServerState state, RequestGuard guard)
{
    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            http.Response.Headers.XContentTypeOptions = "nosniff";
            string path = http.Request.Path.Value ?? "";
            bool isPublic = EndpointTable.Rows.Any(r => r.IsPublic && r.Serves(path));
            guard.Check(http.Request, http.Connection.LocalPort, isPublic);
            await EndpointTable.Find(http.Request.Method, path).Handle(http, state);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (Exception e)
        {
            await FailAsync(http, e);
        }
    }

    private async Task FailAsync(HttpContext http, Exception e)
    {
        ApiException error = JsonReply.Describe(e);
        DaemonLog.Failure(e, error);
        if (error.Status is 400 or 401 or 403 or 404 or 405 or 413 or 415 or 429 or 503)
        {
            state.Metrics.AddRejection(error.Status);
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.Clear();
        await JsonReply.SendErrorAsync(http, error);
    }
}
