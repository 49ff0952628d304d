using System.Globalization;
using System.Net;

namespace LayerStream.Host.Server.Http;

/// <summary>One address to listen on.</summary>
/// <param name="Host">As written: a name or an IP address without brackets.</param>
/// <param name="Address">The IP address to bind.</param>
/// <param name="Port">TCP port; 0 = any free one.</param>
internal sealed record ListenAddress(string Host, IPAddress Address, int Port)
{
    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Reads <c>http://host:port</c> entries separated by semicolons.</summary>
    /// <exception cref="FormatException">An entry is not such an address; the message says which.</exception>
    public static IReadOnlyList<ListenAddress> ParseAll(string urls)
    {
        ListenAddress[] all = [.. urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];
        return all.Length > 0 ? all : throw new FormatException("--urls is empty; give http://host:port");
    }

    private static ListenAddress Parse(string url)
    {
        string plain = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(plain, UriKind.Absolute, out Uri? uri) || uri.Scheme != "http" || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"'{url}' is not an address to listen on; give http://host:port"));
        }

        string host = uri.DnsSafeHost;
        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return new ListenAddress("localhost", IPAddress.Loopback, uri.Port);
        }

        return IPAddress.TryParse(host, out IPAddress? address)
            ? new ListenAddress(host, address, uri.Port)
            : throw new FormatException($"'{url}': give an IP address or localhost, not a host name");
    }
}
