using System.Text;
using System.Text.Json;
using LayerStream.Host.Server;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Session;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;

namespace LayerStream.Host.Tests.Server;

/// <summary>The daemon in process with the model that comes with the program, loaded once for all tests of the collection.</summary>
public class ShippedDaemon : IAsyncLifetime
{
    /// <summary>Name of the collection.</summary>
    public const string Collection = "shipped daemon";

    private readonly Admission _admission = new(8);
    private FileStore? _files;
    private BatchRunner? _runner;
    private LoadedModel? _model;
    private DaemonMetrics? _metrics;
    private IHost? _host;

    internal LoadedModel Model => _model!;

    internal Admission Admission => _admission;

    internal BatchStore? Batches { get; private set; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    protected virtual string ModelPath => ShippedModel.Path;

    protected virtual string? Template => null;

    protected virtual int Sequences => 1;

    protected virtual string? KeyFile => null;

    protected virtual string? FilesFolder => null;

    public async ValueTask InitializeAsync()
    {
        ModelOptions options = new ModelOptions { ModelPath = ModelPath, BudgetBytes = 2L << 30, Context = 1024 }.ForServing();
        options = options with
        {
            ExtraHeapBytes = 512 << 20,
            MeasuresDevice = false,
            ChatTemplate = Template,
            Sequences = Sequences,
        };
        _model = await LoadedModel.OpenAsync(options, new Ignored(), CancellationToken.None);
        _metrics = new DaemonMetrics(() => 0, () => null);
        _files = FilesFolder is null ? null : FileStore.Open(FilesFolder, 64 << 20);
        Batches = _files is null ? null : BatchStore.OpenIn(_files);
        ServerState state = new("SmolLM2", _admission, _metrics) { Files = _files, Batches = Batches };
        state.Open(_model);
        AllowedOrigins origins = new([]);
        RequestGuard guard = new(ApiKeys.Load(KeyFile), ListenAddress.ParseAll("http://127.0.0.1:5099"), origins, []);
        RequestPipeline pipeline = new(state, guard, origins);
        _runner = Batches is null ? null : new BatchRunner(Batches, state, pipeline.AnswerAsync);
        _runner?.Start();
        _host = new HostBuilder().ConfigureWebHost(web => web.UseTestServer().Configure(app => app.Run(pipeline.HandleAsync))).Build();
        await _host.StartAsync(CancellationToken.None);
    }

    public virtual async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        if (_runner is not null)
        {
            await _runner.DisposeAsync();
        }

        _files?.Dispose();
        _metrics?.Dispose();
        _admission.Dispose();
        if (_model is not null)
        {
            await _model.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    internal async Task<JsonElement> PostAsync(string path, string body) =>
        JsonSerializer.Deserialize<JsonElement>(await SendAsync(path, body));

    internal async Task<string> SendAsync(string path, string body)
    {
        using HttpResponseMessage reply = await RespondAsync("POST", path, body);
        return await reply.Content.ReadAsStringAsync(Token);
    }

    internal Task<HttpResponseMessage> RespondAsync(string method, string path, string? body = null, string? key = null) =>
        RespondAsync(method, path, body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"), key);

    internal async Task<HttpResponseMessage> RespondAsync(string method, string path, HttpContent? body, string? key)
    {
        using HttpClient client = _host!.GetTestClient();
        client.Timeout = TimeSpan.FromMinutes(10); // a thousand answers on a busy machine
        using HttpRequestMessage request = new(new HttpMethod(method), "http://localhost:5099" + path);
        request.Content = body;
        request.Headers.TryAddWithoutValidation("x-api-key", key);
        return await client.SendAsync(request, Token);
    }

    private sealed class Ignored : IProgress<SessionNotice>
    {
        public void Report(SessionNotice value)
        {
        }
    }
}

/// <summary>Tests that share the daemon.</summary>
[CollectionDefinition(ShippedDaemon.Collection)]
public sealed class ShippedDaemonCollection : ICollectionFixture<ShippedDaemon>;
