using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Endpoints;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Messages;
using LayerStream.Host.Server.Ollama;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server;

/// <summary>Guard, table, endpoint; every failure becomes an error body.</summary>
internal sealed class RequestPipeline(ServerState state, RequestGuard guard, AllowedOrigins origins)
{
    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            Mark(http);
            string path = Normal(http.Request.Path.Value ?? "");
            http.Request.Path = path;
            bool isPublic = EndpointTable.Rows.Any(r => r.IsPublic && r.Serves(path));
            guard.Check(http.Request, isPublic);
            if (HttpMethods.IsOptions(http.Request.Method))
            {
                http.Response.Headers.Allow = string.Join(", ", EndpointTable.MethodsOf(path));
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }
        }
        catch (Exception e)
        {
            await FailAsync(http, e);
            return;
        }

        await AnswerAsync(http);
    }

    /// <summary>Answers a request that needs no guard, because none has sent it; or has passed it.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        try
        {
            await EndpointTable.Find(http.Request.Method, http.Request.Path.Value ?? "").Handle(http, state);
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

    // Slashes too many at either end or the beginning mean nothing.
    private static string Normal(string path) => "/" + path.Trim('/');

    private void Mark(HttpContext http)
    {
        http.Response.Headers.XContentTypeOptions = "nosniff";
        origins.Mark(http);
    }

    private async Task FailAsync(HttpContext http, Exception e)
    {
        ApiException error = JsonReply.Describe(e);
        DaemonLog.Failure(e, error);
        if (error.Status is >= 400 and < 500 or 503)
        {
            state.Metrics.AddRejection(error.Status);
        }

        if (ModelRequest.Of(http) is { Sink.HasStarted: true } waiting)
        {
            await waiting.FailAsync(error);
            return;
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.Clear();
        Mark(http);
        try
        {
            await JsonReply.SendErrorAsync(http, error, FormOf(http.Request));
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has left meanwhile.
        }
    }

    // Every API has errors of its own form; the list of models is of two of them, and their clients say which they speak.
    private static Action<Utf8JsonWriter, ApiException>? FormOf(HttpRequest request)
    {
        string path = request.Path.Value ?? "";
        return path.StartsWith("/api/", StringComparison.Ordinal) ? OllamaJson.Error
            : path.StartsWith("/v1/messages", StringComparison.Ordinal) || request.Headers.ContainsKey("anthropic-version")
            ? MessagesJson.Error : null;
    }
}
