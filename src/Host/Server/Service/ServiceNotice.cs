using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting.Systemd;

namespace LayerStream.Host.Server.Service;

/// <summary>Tells the service manager that started the daemon how it is; nothing where none did (NOTIFY_SOCKET, sd_notify(3)).</summary>
internal static class ServiceNotice
{
    private static readonly bool s_isManaged = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <summary>The model is loaded: requests are served.</summary>
    public static void Ready(string status)
    {
        if (s_isManaged)
        {
            NotifySocket.Ready(status);
        }
    }

    /// <summary>No new requests are taken.</summary>
    public static void Stopping()
    {
        if (s_isManaged)
        {
            NotifySocket.Stopping();
        }
    }

    /// <summary>Apart and not inlined, so that the library takes no memory of the budget where no manager listens.</summary>
    private static class NotifySocket
    {
        private static readonly SystemdNotifier s_notifier = new();

        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void Ready(string status)
        {
            Say(ServiceState.Ready);
            Say(new ServiceState($"STATUS={status}"));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void Stopping() => Say(ServiceState.Stopping);

        private static void Say(ServiceState state)
        {
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
}
