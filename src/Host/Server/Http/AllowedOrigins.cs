using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>Pages of other origins that may call: none unless named.</summary>
internal sealed class AllowedOrigins(IReadOnlyList<string> origins)
{
    private const string PreflightSeconds = "600";

    /// <summary>Whether a page of this origin may call.</summary>
    public bool Allow(string origin) =>
        origins.Any(o => o == "*" || string.Equals(o.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase));

    /// <summary>Adds what a browser asks for before it hands an answer to the page.</summary>
    public void Mark(HttpContext http)
    {
        string origin = http.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || !Allow(origin))
        {
            return;
        }

        IHeaderDictionary headers = http.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlExposeHeaders = "Retry-After";
        headers.Vary = "Origin";
        if (!HttpMethods.IsOptions(http.Request.Method))
        {
            return;
        }

        headers.AccessControlAllowMethods = "GET, HEAD, POST, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders =
            http.Request.Headers.AccessControlRequestHeaders.ToString() is { Length: > 0 } asked ? asked : "*";
        headers.AccessControlMaxAge = PreflightSeconds;
        if (http.Request.Headers["Access-Control-Request-Private-Network"] == "true")
        {
            headers["Access-Control-Allow-Private-Network"] = "true";
        }
    }
}
