using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LayerStream.EndToEnd.Tests;

/// <summary>The real program, serving the shipped model on a free port.</summary>
public sealed class DaemonProcess : IAsyncLifetime
{
    private const int SigTerm = 15;
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    /// <summary>Address of the daemon, ending in a slash.</summary>
    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort()}/");

    /// <summary>The file to serve; the shipped model unless set.</summary>
    public string Model { get; init; } = Path.Combine(Root(), "models", "SmolLM2-135M-Instruct-Q4_1.gguf");

    /// <summary>Memory it may take.</summary>
    public string Budget { get; init; } = "192MiB";

    /// <summary>Addresses it listens on beside the usual one, each with a semicolon before it.</summary>
    public string MoreUrls { get; init; } = "";

    /// <summary>What it has said on standard error so far.</summary>
    public IReadOnlyList<string> Log => [.. _log];

    /// <summary>Arguments behind the usual ones.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>Environment variables for it.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>A client for it.</summary>
    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(2) };

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Client.BaseAddress = Address;
        string program = Path.Combine(Root(), "src", "Host", "bin", "Release", "net10.0", "layerstream");
        // A test run whose terminal has gone, or that nohup keeps, hands down that SIGHUP is ignored.
        ProcessStartInfo start = OperatingSystem.IsLinux() ? new("env", ["--default-signal=HUP", program]) : new(program);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        string urls = Address.ToString().TrimEnd('/') + MoreUrls;
        foreach (string argument in new[] { "serve", "--urls", urls, "--model", Model, "--memory-budget", Budget }.Concat(More))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LAYERSTREAM__PROFILE"] = "off"; // nothing of the user's is read or written
        foreach ((string name, string value) in Variables)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await WaitUntilReadyAsync();
    }

    /// <summary>Bytes of memory the process holds now.</summary>
    public long ResidentBytes
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Number of the process.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>Whether it still runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Sends a signal by its number.</summary>
    public Task SignalAsync(int signal) => PosixSignal.SendAsync(_process!, signal.ToString(CultureInfo.InvariantCulture));

    /// <summary>Sends SIGTERM and gives the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync(SigTerm);
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        await _process!.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_process is { HasExited: false })
        {
            _process.Kill();
        }

        _process?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task WaitUntilReadyAsync()
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(60))
        {
            Assert.False(_process!.HasExited, "the daemon ended while it was loading");
            try
            {
                using HttpResponseMessage health = await Client.GetAsync("health");
                if (health.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100);
        }

        Assert.Fail("the daemon was not ready within 60 s");
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent;
        }

        // The build output may lie outside the repository; then a variable says where it is.
        return folder?.FullName ?? Environment.GetEnvironmentVariable("LAYERSTREAM_ROOT")
            ?? throw new DirectoryNotFoundException("the repository is not above the test; set LAYERSTREAM_ROOT");
    }

    internal static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
