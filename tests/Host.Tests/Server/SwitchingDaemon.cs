using System.Text;
using System.Text.Json;
using LayerStream.Host.Server;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Host.Tests.Catalogue;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;

namespace LayerStream.Host.Tests.Server;

/// <summary>A daemon in process that loads models of a folder by name: one and two, which are the shipped model by links, and a file that
/// is damaged.</summary>
internal sealed class SwitchingDaemon : IAsyncDisposable
{
    private readonly ModelShelf _shelf = new();
    private readonly Admission _admission = new(32);
    private DaemonMetrics? _metrics;
    private IHost? _host;
    private Task _serving = Task.CompletedTask;
    private int _loads;

    /// <summary>How long a model stays that nobody uses; null = for ever.</summary>
    public TimeSpan? IdleTime { get; init; }

    /// <summary>How long answers may go on once another model is asked for.</summary>
    public TimeSpan MostDrain { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Time before the first sign of life, with which a status goes out: so long that no machine is too slow for another
    /// status.</summary>
    public TimeSpan FirstSign { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Requests that may wait for a model.</summary>
    public int MostWaiting { get; init; } = 32;

    /// <summary>Whether requests may delete files.</summary>
    public bool AllowsDelete { get; init; }

    /// <summary>Models under names of their own.</summary>
    public IReadOnlyList<ModelPreset> Presets { get; init; } = [];

    /// <summary>The model it starts with; null = none.</summary>
    public string? First { get; init; }

    /// <summary>What every load waits for first, by the name of the file.</summary>
    public Func<string, Task> BeforeLoad { get; init; } = _ => Task.CompletedTask;

    /// <summary>How often a model was loaded.</summary>
    public int Loads => Volatile.Read(ref _loads);

    /// <summary>The folder of the models.</summary>
    public string Folder => _shelf.Folder;

    internal ServerState State { get; private set; } = null!;

    internal ModelSwitch Models => State.Switch!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task<SwitchingDaemon> StartAsync()
    {
        _shelf.Link("one.gguf");
        _shelf.Link("two.gguf");
        _shelf.Write("broken.gguf", [.. File.ReadAllBytes(ShippedModel.Path).AsSpan(0, 4096)]);
        ModelOptions options = new()
        {
            ModelPath = First is null ? "" : Path.Combine(_shelf.Folder, First),
            ModelFolders = [_shelf.Folder],
            BudgetBytes = 1L << 30,
            Context = 512,
            Sequences = 2,
            LimitsHeap = false,
            Sampling = new SamplingOptions { Temperature = 0 },
            Explicit = new HashSet<string> { "temperature" },
        };
        _metrics = new DaemonMetrics(() => 0, () => null);
        State = new ServerState("", _admission, _metrics) { FirstSign = FirstSign };
        ModelSwitch models = new(new ServableModels(options, Presets), State, new SwitchRules(LoadAsync, MostDrain, IdleTime, MostWaiting)
        {
            SendingTime = TimeSpan.FromSeconds(2),
            AllowsDelete = AllowsDelete,
        });
        State.Attach(models);
        AllowedOrigins origins = new([]);
        RequestGuard guard = new(ApiKeys.Load(null), ListenAddress.ParseAll("http://127.0.0.1:5099"), origins, []);
        RequestPipeline pipeline = new(State, guard, origins);
        _host = new HostBuilder().ConfigureWebHost(web => web.UseTestServer().Configure(app => app.Run(pipeline.HandleAsync))).Build();
        await _host.StartAsync(Token);
        await models.StartAsync(Token);
        _serving = models.RunAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        State.Admission.Drain();
        Models.Drain();
        await _serving;
        _host?.Dispose();
        await Models.EndAsync();
        Models.Dispose();
        _metrics?.Dispose();
        _admission.Dispose();
        _shelf.Dispose();
    }

    public async Task<(int Status, JsonElement Body)> PostAsync(string path, string body)
    {
        using HttpResponseMessage reply = await RespondAsync("POST", path, body);
        string text = await reply.Content.ReadAsStringAsync(Token);
        return ((int)reply.StatusCode, JsonSerializer.Deserialize<JsonElement>(text));
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage reply = await RespondAsync("GET", path, null);
        return JsonSerializer.Deserialize<JsonElement>(await reply.Content.ReadAsStringAsync(Token));
    }

    public async Task<HttpResponseMessage> RespondAsync(string method, string path, string? body)
    {
        using HttpClient client = _host!.GetTestClient();
        client.Timeout = TimeSpan.FromMinutes(2);
        using HttpRequestMessage request = new(new HttpMethod(method), "http://localhost:5099" + path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await client.SendAsync(request, Token);
    }

    /// <summary>What comes of an answer until its end, or until the connection breaks.</summary>
    /// <param name="path">Where it is asked for.</param>
    /// <param name="body">What is asked.</param>
    /// <param name="begun">Hears the status, which comes with the first bytes.</param>
    public async Task<string> HearAsync(string path, string body, Action<int> begun)
    {
        using HttpClient client = _host!.GetTestClient();
        using HttpRequestMessage request = new(HttpMethod.Post, "http://localhost:5099" + path);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        begun((int)reply.StatusCode);
        await using Stream stream = await reply.Content.ReadAsStreamAsync(Token);
        using MemoryStream heard = new();
        try
        {
            await stream.CopyToAsync(heard, Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or HttpRequestException)
        {
            // It was broken off on purpose.
        }

        return Encoding.UTF8.GetString(heard.ToArray());
    }

    /// <summary>The text of an answer of some tokens.</summary>
    public async Task<string> AskAsync(string model, int tokens = 8)
    {
        (int status, JsonElement body) = await PostAsync("/v1/chat/completions", Question(model, tokens));
        Assert.True(status == 200, $"{status}: {body}");
        Assert.Equal(model, body.GetProperty("model").GetString());
        return body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }

    /// <summary>What a model of the list is doing.</summary>
    public async Task<string?> StateOfAsync(string model) =>
        (await GetAsync("/v1/models/" + model)).GetProperty("state").GetString();

    /// <summary>Waits until a model does something.</summary>
    public async Task UntilAsync(string model, string state)
    {
        DateTime until = DateTime.UtcNow.AddMinutes(1);
        while (await StateOfAsync(model) is var found && found != state)
        {
            Assert.True(DateTime.UtcNow < until, $"{model} is {found}, not {state}");
            await Task.Delay(20, Token);
        }
    }

    public static string Question(string model, int tokens = 8, bool stream = false) => JsonSerializer.Serialize(new
    {
        model,
        messages = new[] { new { role = "user", content = "Say hi." } },
        max_tokens = tokens,
        stream,
    });

    private async Task<LoadedModel> LoadAsync(ModelOptions options, CancellationToken ct)
    {
        await BeforeLoad(Path.GetFileName(options.ModelPath));
        Interlocked.Increment(ref _loads);
        return await LoadedModel.OpenAsync(options with { ExtraHeapBytes = 256 << 20, MeasuresDevice = false }, new Ignored(), ct);
    }

    private sealed class Ignored : IProgress<SessionNotice>
    {
        public void Report(SessionNotice value)
        {
        }
    }
}
