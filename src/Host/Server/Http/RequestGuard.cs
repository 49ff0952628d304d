using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>
/// Turns away requests that a web page could have been tricked into sending (DNS rebinding, cross-site calls), and those
/// without a key where one is needed.
/// </summary>
internal sealed class RequestGuard(ApiKeys keys, IReadOnlyList<ListenAddress> addresses, AllowedOrigins origins,
    IReadOnlyList<string> hosts)
{
    private static readonly string[] s_keyHeaders = ["x-api-key", "api-key"];

    private static readonly object s_keyItem = new();
    private static readonly object s_scopeItem = new();

    private readonly bool _isRemote = addresses.Any(a => !a.IsLoopback);

    /// <summary>Checks the headers of a request.</summary>
    /// <exception cref="ApiException">403 for the origin of the call, 401 for its key.</exception>
    public void Check(HttpRequest request, bool isPublic)
    {
        string host = request.Headers.Host.ToString();
        if (!IsKnownHost(host))
        {
            throw new ApiException(403, "forbidden_error", "the Host header does not name this server; --allowed-hosts names more",
                "host_not_allowed");
        }

        string origin = request.Headers.Origin.ToString();
        bool isAllowed = origin.Length > 0 && origins.Allow(origin);
        if (origin.Length > 0 && !isAllowed && !string.Equals(origin, $"{request.Scheme}://{host}", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(403, "forbidden_error", "requests from other origins are refused; --cors-origin allows them by name",
                "origin_not_allowed");
        }

        if (!isAllowed && string.Equals(request.Headers["Sec-Fetch-Site"].ToString(), "cross-site", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(403, "forbidden_error", "cross-site requests are refused", "cross_site_not_allowed");
        }

        ApiKeys.Key? key = keys.AreRequired ? KeyOf(request) : null;
        if (key is not null)
        {
            request.HttpContext.Items[s_keyItem] = key;
        }

        bool hasKey = !keys.AreRequired || key is not null;
        if (!isPublic && !hasKey && !HttpMethods.IsOptions(request.Method))
        {
            throw new ApiException(401, "authentication_error",
                "a valid API key is needed: Authorization: Bearer <key>, or x-api-key: <key>", "invalid_api_key");
        }
    }

    /// <summary>Who asks, as far as keys tell, without the key: what a request leaves in memory serves those of the same scope
    /// alone.</summary>
    public static string ScopeOf(HttpRequest request) => request.HttpContext.Items.TryGetValue(s_scopeItem, out object? scope)
        ? (string)scope! : Hash(string.Join('\n',
            s_keyHeaders.Select(h => request.Headers[h].ToString()).Prepend(request.Headers.Authorization.ToString())));

    /// <summary>Says for whom a request is made that nobody has sent.</summary>
    public static void SetScope(HttpContext http, string scope) => http.Items[s_scopeItem] = scope;

    /// <summary>Whose the files and batches of a request are, without the key: empty where no keys are asked for.</summary>
    public static string OwnerOf(HttpContext http) => HolderOf(http) is { } key ? Hash("owner\n" + key.Holder) : "";

    /// <summary>The key that opened the daemon for a request, or null if it asks for none.</summary>
    public static ApiKeys.Key? HolderOf(HttpContext http) => http.Items.TryGetValue(s_keyItem, out object? key) ? (ApiKeys.Key?)key : null;

    /// <summary>Checks that a body is declared as JSON.</summary>
    /// <exception cref="ApiException">415.</exception>
    public static void RequireJson(HttpRequest request)
    {
        string type = request.ContentType ?? "";
        int end = type.IndexOf(';', StringComparison.Ordinal);
        if (!string.Equals((end < 0 ? type : type[..end]).Trim(), "application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(415, "invalid_request_error", "the content type must be application/json", "unsupported_media_type");
        }
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private ApiKeys.Key? KeyOf(HttpRequest request) => keys.FindBearer(request.Headers.Authorization)
        ?? s_keyHeaders.Select(h => keys.Find(request.Headers[h])).FirstOrDefault(k => k is not null);

    private bool IsKnownHost(string header)
    {
        string bare = NameOf(header);
        if (bare.Length == 0)
        {
            return true; // HTTP/1.0 without Host: no browser
        }

        bool isLoopback =
            bare.Equals("localhost", StringComparison.OrdinalIgnoreCase) || bare.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(bare, out IPAddress? address) && IPAddress.IsLoopback(address));
        if (isLoopback || addresses.Any(a => string.Equals(a.Host, bare, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        if (hosts.Any(h =>
            h == "*" || string.Equals(h, bare, StringComparison.OrdinalIgnoreCase)
                || string.Equals(h, header, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        // Rebinding needs a name; an address or this machine's own name cannot be rebound.
        return _isRemote
            && (IPAddress.TryParse(bare, out _) || string.Equals(bare, Environment.MachineName, StringComparison.OrdinalIgnoreCase));
    }

    // Without port, brackets and the dot of a full name.
    private static string NameOf(string header)
    {
        if (header.StartsWith('['))
        {
            int end = header.IndexOf(']', StringComparison.Ordinal);
            return end < 0 ? header : header[1..end];
        }

        int colon = header.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? header : header[..colon]).TrimEnd('.');
    }
}
