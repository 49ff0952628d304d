using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>
/// Turns away requests that a web page could have been tricked into sending (DNS rebinding, cross-site calls), and those
/// without a key where one is needed.
/// </summary>
internal sealed class RequestGuard(ApiKeys keys, IReadOnlyList<ListenAddress> addresses)
{
    private static readonly string[] s_loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    private readonly bool _isRemote = addresses.Any(a => !a.IsLoopback);

    /// <summary>Checks the headers of a request.</summary>
    /// <exception cref="ApiException">403 for the origin of the call, 401 for its key.</exception>
    public void Check(HttpRequest request, int localPort, bool isPublic)
    {
        string host = request.Headers.Host.ToString();
        if (!IsKnownHost(host, localPort))
        {
            throw new ApiException(403, "forbidden_error", "the Host header does not name this server", "host_not_allowed");
        }

        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !string.Equals(origin, "http://" + host, StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(403, "forbidden_error", "requests from other origins are refused", "origin_not_allowed");
        }

        if (string.Equals(request.Headers["Sec-Fetch-Site"].ToString(), "cross-site", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(403, "forbidden_error", "cross-site requests are refused", "cross_site_not_allowed");
        }

        if (!isPublic && keys.AreRequired && !keys.Accepts(request.Headers.Authorization))
        {
            throw new ApiException(401, "authentication_error", "a valid API key is needed: Authorization: Bearer <key>",
                "invalid_api_key");
        }
    }

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

    private bool IsKnownHost(string header, int localPort)
    {
        string port = ":" + localPort.ToString(CultureInfo.InvariantCulture);
        string name = header.EndsWith(port, StringComparison.Ordinal) ? header[..^port.Length] : header;
        if (s_loopbackNames.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        string bare = name.StartsWith('[') && name.EndsWith(']') ? name[1..^1] : name;
        if (addresses.Any(a => string.Equals(a.Host, bare, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        // Rebinding needs a name; an address or this machine's own name cannot be rebound.
        return _isRemote && (IPAddress.TryParse(bare, out _)
            || string.Equals(bare, Environment.MachineName, StringComparison.OrdinalIgnoreCase));
    }
}
