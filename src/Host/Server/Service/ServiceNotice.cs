using Microsoft.Extensions.Hosting.Systemd;

namespace LayerStream.Host.Server.Service;

/// <summary>Tells the service manager that started the daemon how it is; nothing where none did (NOTIFY_SOCKET, sd_notify(3)).</summary>
internal static class ServiceNotice
{
    private static readonly SystemdNotifier s_notifier = new();

    /// <summary>The model is loaded: requests are served.</summary>
    public static void Ready(string status)
    {
        Say(ServiceState.Ready);
        Say(new ServiceState($"STATUS={status}"));
    }

    /// <summary>No new requests are taken.</summary>
    public static void Stopping() => Say(ServiceState.Stopping);

    private static void Say(ServiceState state)
    {
        if (!s_notifier.IsEnabled)
        {
            return;
        }

        try
        {
            s_notifier.Notify(state);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // A manager that is gone changes nothing for those who are served.
        }
    }
}
