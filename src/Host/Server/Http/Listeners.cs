using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace LayerStream.Host.Server.Http;

/// <summary>Binds addresses.</summary>
internal static class Listeners
{
    /// <summary>Adds every address to the server.</summary>
    public static void Add(KestrelServerOptions kestrel, IReadOnlyList<ListenAddress> addresses, ServerCertificate? certificate)
    {
        foreach (ListenAddress address in addresses)
        {
            void Configure(ListenOptions listen)
            {
                listen.Protocols = HttpProtocols.Http1;
                if (address.IsSecure)
                {
                    listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificateSelector = (_, _) => certificate!.Current });
                }

                KestrelErrorBodies.Use(listen);
            }

            if (address.SocketPath is { } path)
            {
                RemoveDeadSocket(path);
                kestrel.ListenUnixSocket(path, Configure);
            }
            else if (address.IsBothLoopbacks)
            {
                kestrel.ListenLocalhost(address.Port, Configure);
            }
            else
            {
                kestrel.Listen(address.Address, address.Port, Configure);
            }
        }
    }

    /// <summary>Lets nobody but the owner through the sockets.</summary>
    public static void Protect(IReadOnlyList<ListenAddress> addresses)
    {
        foreach (ListenAddress address in addresses)
        {
            if (address.SocketPath is { } path && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
    }

    // A process that was killed leaves its socket behind; one that lives answers on it, and binding then fails.
    private static void RemoveDeadSocket(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists || (file.Attributes & FileAttributes.Directory) != 0 || file.Length > 0)
        {
            return;
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            file.Delete();
        }
    }
}
