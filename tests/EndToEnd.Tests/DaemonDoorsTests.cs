using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Every way into the daemon: both loopback addresses, a UNIX socket, TLS; with keys that are read again, and a log of
/// JSON.</summary>
public sealed class DaemonDoorsTests : IAsyncLifetime
{
    private const int SigHup = 1;
    private const string Secret = "key-of-the-first-hour", Canary = "xylophone-canary-7431";
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-doors-").FullName;
    private readonly int _localPort = DaemonProcess.FreePort(), _securePort = DaemonProcess.FreePort();
    private readonly DaemonProcess _daemon;

    public DaemonDoorsTests()
    {
        File.WriteAllText(KeyFile, Secret + "\n");
        WriteCertificate("CN=first");
        _daemon = new DaemonProcess
        {
            MoreUrls = $";http://localhost:{_localPort};https://127.0.0.1:{_securePort};unix:{SocketPath}",
            More = ["--api-key-file", KeyFile, "--tls-certificate", Certificate, "--json"],
        };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(_folder, "keys");

    private string Certificate => Path.Combine(_folder, "certificate.pem");

    private string SocketPath => Path.Combine(_folder, "daemon.sock");

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => _daemon.InitializeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Doors_AllOfThem_OpenWithTheKeyAndAreReloadedOnSighup()
    {
        using HttpClient four = new() { BaseAddress = new Uri($"http://127.0.0.1:{_localPort}/") };
        using HttpClient six = new() { BaseAddress = new Uri($"http://[::1]:{_localPort}/") };
        using HttpClient socket = Through(SocketPath);
        List<string> subjects = [];
        using HttpClient secure = Secure(subjects);
        foreach (HttpClient client in Socket.OSSupportsIPv6 ? (HttpClient[])[four, six, socket, secure] : [four, socket, secure])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await ListAsync(client, null));
            Assert.Equal(HttpStatusCode.OK, await ListAsync(client, Secret));
        }

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        }

        Assert.Equal("CN=first", Assert.Single(subjects));

        await File.WriteAllTextAsync(KeyFile, "key-of-the-second-hour\n", Token);
        WriteCertificate("CN=second");
        await _daemon.SignalAsync(SigHup);
        await UntilAsync(async () => await ListAsync(four, "key-of-the-second-hour") == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, await ListAsync(four, Secret));
        using HttpClient later = Secure(subjects);
        Assert.Equal(HttpStatusCode.OK, await ListAsync(later, "key-of-the-second-hour"));
        Assert.Equal("CN=second", subjects[^1]);
        await CheckLogAsync();
    }

    // Entries are JSON with an event each, and hold neither what was asked nor a key.
    private async Task CheckLogAsync()
    {
        using HttpRequestMessage chat = new(HttpMethod.Post, "v1/chat/completions");
        chat.Headers.Add("x-api-key", "key-of-the-second-hour");
        chat.Content = new StringContent($$"""{"messages":[{"role":"user","content":"{{Canary}}"}],"max_tokens":2}""", Encoding.UTF8,
            "application/json");
        using HttpResponseMessage reply = await _daemon.Client.SendAsync(chat, Token);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Empty(OutgoingConnections());
        Assert.Equal(0, await _daemon.TerminateAsync());
        string[] lines = [.. _daemon.Log.Where(l => l.StartsWith('{'))];
        string[] events = [.. lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("event").GetString()!)];
        Assert.Empty(((string[])["Listening", "Ready", "Reloaded", "Draining"]).Except(events));
        string all = string.Join('\n', _daemon.Log);
        Assert.All([Canary, Secret, "second-hour"], word => Assert.DoesNotContain(word, all, StringComparison.Ordinal));
        Assert.False(File.Exists(SocketPath), "the socket outlives the daemon");
    }

    // TCP sockets of the daemon whose own end is no port that it listens on.
    private IEnumerable<string> OutgoingConnections()
    {
        HashSet<string> own = [.. Directory.EnumerateFileSystemEntries($"/proc/{_daemon.ProcessId}/fd")
            .Select(f => File.ResolveLinkTarget(f, returnFinalTarget: false)?.Name ?? "")];
        string[] ports = [.. ((int[])[_daemon.Address.Port, _localPort, _securePort]).Select(p => $":{p:X4}")];
        return ((string[])["tcp", "tcp6"]).SelectMany(t => File.ReadLines($"/proc/{_daemon.ProcessId}/net/{t}").Skip(1))
            .Where(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 9 } parts
                && own.Contains($"socket:[{parts[9]}]") && !ports.Any(p => parts[1].EndsWith(p, StringComparison.Ordinal)));
    }

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "not within 30 s: " + string.Join('\n', _daemon.Log));
            await Task.Delay(50, Token);
        }
    }

    private static async Task<HttpStatusCode> ListAsync(HttpClient client, string? key)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "v1/models");
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        using HttpResponseMessage reply = await client.SendAsync(request, Token);
        return reply.StatusCode;
    }

    private static HttpClient Through(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, ct) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://localhost/") };

    private HttpClient Secure(List<string> subjects) => new(new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            subjects.Add(certificate!.Subject);
            return true;
        },
    })
    { BaseAddress = new Uri($"https://127.0.0.1:{_securePort}/") };

    private void WriteCertificate(string subject)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(subject, key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Certificate, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
