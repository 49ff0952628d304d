using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Everything the daemon answers. A new endpoint is a file and a row.</summary>
internal static class EndpointTable
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Endpoint> Rows { get; } =
    [
        new("GET", "/", true, PageEndpoint.IndexAsync),
        new("GET", "/page/", true, PageEndpoint.PartAsync),
        new("GET", "/health", true, HealthEndpoint.ReadyAsync),
        new("GET", "/health/ready", true, HealthEndpoint.ReadyAsync),
        new("GET", "/health/live", true, HealthEndpoint.LiveAsync),
        new("GET", "/v1/models", false, ModelsEndpoint.ListAsync),
        new("GET", "/v1/models/", false, ModelsEndpoint.OneAsync),
        new("POST", "/v1/chat/completions", false, ChatCompletionsEndpoint.HandleAsync),
        new("GET", "/metrics", false, MetricsEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/status", false, StatusEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/trace", false, TraceEndpoint.HandleAsync),
        new("GET", "/v1/layerstream/trace/live", false, LiveTraceEndpoint.HandleAsync),
    ];

    /// <summary>The row for a request.</summary>
    /// <exception cref="ApiException">404 for the path, 405 for the method.</exception>
    public static Endpoint Find(string method, string path)
    {
        Endpoint[] rows = [.. Rows.Where(r => r.Serves(path))];
        if (rows.Length == 0)
        {
            throw new ApiException(404, "invalid_request_error", "there is nothing at this path", "not_found");
        }

        return Array.Find(rows, r => r.Method == method)
            ?? throw new ApiException(405, "invalid_request_error", "this path does not take this method", "method_not_allowed")
            {
                Allow = string.Join(", ", rows.Select(r => r.Method)),
            };
    }
}
