using System.Net.Sockets;
using System.Text;

namespace LayerStream.EndToEnd.Tests;

/// <summary>What the daemon tells the service manager that started it.</summary>
public sealed class ServiceNoticeTests
{
    [Fact]
    public async Task Daemon_StartedAsAService_SaysReadyWhenLoadedAndStoppingWhenAsked()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "sd_notify is of Linux");
        string path = Path.Combine(Path.GetTempPath(), $"ls-notify-{Guid.NewGuid():N}");
        using Socket listener = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            await using DaemonProcess daemon = new() { Variables = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path } };
            await daemon.InitializeAsync();
            Assert.Equal("READY=1", await HearAsync(listener));
            Assert.StartsWith("STATUS=ready: SmolLM2", await HearAsync(listener), StringComparison.Ordinal);
            Assert.Equal(0, await daemon.TerminateAsync());
            Assert.Equal("STOPPING=1", await HearAsync(listener));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<string> HearAsync(Socket listener)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        byte[] message = new byte[4096];
        int length = await listener.ReceiveAsync(message, patience.Token);
        return Encoding.UTF8.GetString(message, 0, length).TrimEnd('\n');
    }
}
