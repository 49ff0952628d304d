using System.Globalization;
using System.Net;

namespace LayerStream.Host.Server.Http;

/// <summary>One address to listen on.</summary>
/// <param name="Host">As written: a name, an IP address without brackets, or the path of a socket.</param>
/// <param name="Address">The IP address to bind.</param>
/// <param name="Port">TCP port; 0 = any free one.</param>
internal sealed record ListenAddress(string Host, IPAddress Address, int Port)
{
    private const string SocketPrefix = "unix:";

    /// <summary>Path of a UNIX socket; null for TCP.</summary>
    public string? SocketPath { get; init; }

    /// <summary>Whether it speaks TLS.</summary>
    public bool IsSecure { get; init; }

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => SocketPath is not null || IPAddress.IsLoopback(Address);

    /// <summary>Whether it stands for both loopback addresses; a free port can be found for one only.</summary>
    public bool IsBothLoopbacks => SocketPath is null && Host == "localhost" && Port != 0;

    /// <summary>Reads <c>http://host:port</c>, <c>https://host:port</c> and <c>unix:/path</c> entries separated by semicolons.</summary>
    /// <exception cref="FormatException">An entry is not such an address; the message says which.</exception>
    public static IReadOnlyList<ListenAddress> ParseAll(string urls)
    {
        ListenAddress[] all = [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];
        return all.Length > 0 ? all : throw new FormatException("--urls is empty; give http://host:port");
    }

    private static ListenAddress Parse(string url)
    {
        if (url.StartsWith(SocketPrefix, StringComparison.Ordinal))
        {
            string path = url[SocketPrefix.Length..];
            return path.StartsWith('/') ? new ListenAddress(path, IPAddress.Loopback, 0) { SocketPath = path }
                : throw new FormatException($"'{url}': give the whole path of the socket, e.g. unix:/run/layerstream.sock");
        }

        string plain = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(plain, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"'{url}' is not an address to listen on; give http://host:port, https://host:port or unix:/path"));
        }

        string host = uri.DnsSafeHost;
        bool isSecure = uri.Scheme == "https";
        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return new ListenAddress("localhost", IPAddress.Loopback, uri.Port) { IsSecure = isSecure };
        }

        return IPAddress.TryParse(host, out IPAddress? address)
            ? new ListenAddress(host, address, uri.Port) { IsSecure = isSecure }
            : throw new FormatException($"'{url}': give an IP address or localhost, not a host name");
    }
}
