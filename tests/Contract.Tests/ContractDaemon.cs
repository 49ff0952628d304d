using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using LayerStream.EndToEnd.Tests;

[assembly: AssemblyFixture(typeof(LayerStream.Contract.Tests.ContractDaemon))]

namespace LayerStream.Contract.Tests;

/// <summary>One daemon for all clients, whose template makes the shipped model call the tools it is offered.</summary>
public sealed class ContractDaemon : IAsyncLifetime
{
    /// <summary>Name of the served model.</summary>
    public const string ModelId = "SmolLM2-135M-Instruct-Q4_1";

    /// <summary>A question that the model answers with a call.</summary>
    public const string Question = "What is the weather in Paris?";

    /// <summary>What the tool says; the model repeats it.</summary>
    public const string Weather = "22 C in Paris";

    /// <summary>A question whose answer is long.</summary>
    public const string LongQuestion = "Tell a long story of the sea.";

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    private const string CancelledSample = "layerstream_requests_total{outcome=\"cancelled\"} ";

    private readonly string _files = Directory.CreateTempSubdirectory("contract-files-").FullName;
    private readonly DaemonProcess _daemon;

    public ContractDaemon() => _daemon = new DaemonProcess
    {
        Budget = "512MiB",
        More =
        [
            "--context", "8192", "--temperature", "0", "--files-dir", _files,
            "--chat-template", Path.Combine(AppContext.BaseDirectory, "data", "weather.jinja"),
        ],
    };

    /// <summary>Address of the daemon, ending in a slash.</summary>
    public Uri Address => _daemon.Address;

    /// <summary>Address of the OpenAI API.</summary>
    public Uri OpenAiAddress => new(_daemon.Address, "v1");

    /// <summary>A plain client for it.</summary>
    public HttpClient Http => _daemon.Client;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => _daemon.InitializeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        Directory.Delete(_files, recursive: true);
    }

    /// <summary>Requests whose clients have left so far.</summary>
    public async Task<int> CancelledAsync(CancellationToken ct)
    {
        string[] lines = (await Http.GetStringAsync("metrics", ct)).Split('\n');
        string? sample = Array.Find(lines, l => l.StartsWith(CancelledSample, StringComparison.Ordinal));
        return sample is null ? 0 : int.Parse(sample[CancelledSample.Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>The same once no request runs or waits. A request is counted after its place is free: its last write ends in
    /// between.</summary>
    /// <param name="before">The count so far, which is to become another.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task<int> CancelledWhenIdleAsync(int before, CancellationToken ct)
    {
        await WaitUntilIdleAsync(ct);
        int cancelled = await CancelledAsync(ct);
        for (int i = 0; i < 200 && cancelled == before; i++)
        {
            await Task.Delay(50, ct);
            cancelled = await CancelledAsync(ct);
        }

        return cancelled;
    }

    /// <summary>Waits until no request runs or waits: what a client has left is let go of.</summary>
    private async Task WaitUntilIdleAsync(CancellationToken ct)
    {
        while (true)
        {
            JsonElement requests = (await Http.GetFromJsonAsync<JsonElement>("v1/layerstream/status", ct)).GetProperty("requests");
            if (requests.GetProperty("running").GetInt32() + requests.GetProperty("waiting").GetInt32() == 0)
            {
                return;
            }

            await Task.Delay(50, ct);
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "LayerStream.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new DirectoryNotFoundException("LayerStream.sln is not above the tests");
    }
}
