using System.Collections.Frozen;
using System.Reflection;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>The page and its parts, from the program itself: nothing is read from disk, and the policy lets it reach this server
/// only.</summary>
internal static class PageEndpoint
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'";

    private const string Prefix = "page/";

    private static readonly FrozenDictionary<string, string> s_types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".json"] = "application/json; charset=utf-8",
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> s_names = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The page itself.</summary>
    public static Task IndexAsync(HttpContext http, ServerState state) => SendAsync(http, Prefix + "index.html");

    /// <summary>A style sheet or script of it.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static Task PartAsync(HttpContext http, ServerState state) => SendAsync(http, http.Request.Path.Value![1..]);

    /// <summary>The OpenAPI document. It is made from the tables of the code by a test and kept as a file, so that nothing is loaded for
    /// it.</summary>
    public static Task DescriptionAsync(HttpContext http, ServerState state) => SendAsync(http, Prefix + "openapi.json");

    private static async Task SendAsync(HttpContext http, string name)
    {
        if (!s_names.Contains(name) || !s_types.TryGetValue(Path.GetExtension(name), out string? type))
        {
            throw new ApiException(404, "invalid_request_error", "there is nothing at this path", "not_found");
        }

        await using Stream part = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        http.Response.ContentType = type;
        http.Response.ContentLength = part.Length;
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await part.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
    }
}
