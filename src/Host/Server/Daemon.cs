using System.Diagnostics;
using System.Security.Cryptography;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LayerStream.Host.Server;

/// <summary>The HTTP server around one engine.</summary>
public static class Daemon
{
    private const int UsageError = 2;
    private const int MaxHeaderBytes = 16 << 10;
    private const int MaxConnections = 128;
    private static readonly TimeSpan s_sendingTime = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Listens, loads the model in the background, serves until SIGTERM, SIGINT or <paramref name="ct"/>, lets admitted
    /// requests finish. Gives the exit code: 0, or 2 when the options are refused (said on standard error).
    /// </summary>
    /// <exception cref="Exception">Loading or binding failed; as <see cref="ModelLoading.LoadAsync"/>.</exception>
    public static async Task<int> RunAsync(DaemonOptions options, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<ListenAddress> addresses;
        ApiKeys keys;
        ServerCertificate? certificate;
        FileStore? files = null;
        BatchStore? batches = null;
        if (options.Model.Json)
        {
            DaemonLog.UseJson();
        }

        try
        {
            addresses = ListenAddress.ParseAll(options.Urls);
            keys = ApiKeys.Load(options.ApiKeyFile);
            certificate = options.TlsCertificate is { } file ? new ServerCertificate(file, options.TlsKey) : null;
            options.Model.Sampling.Validate();
            RefuseOpenDoors(options, addresses, keys);
            files = options.FilesFolder is { } folder ? FileStore.Open(folder, options.FilesBytes) : null;
            batches = files is null ? null : BatchStore.OpenIn(files);
        }
        catch (Exception e) when (e is FormatException or IOException or InvalidDataException or UnauthorizedAccessException
            or ArgumentException or CryptographicException)
        {
            files?.Dispose();
            DaemonLog.Refused(e.Message);
            return UsageError;
        }

        using FileStore? kept = files;
        using DaemonSignals signals = new() { Reload = () => Reload(keys, certificate) };
        using Admission admission = new(options.QueueLimit);
        ServerState? served = null;
        using DaemonMetrics metrics = new(() => admission.Waiting + (served?.Switch?.Waiting ?? 0), () => served?.Model?.Engine)
        {
            Hold = () => served?.Served?.TryWatch(),
            Running = () => admission.Running,
            IsReady = () => (served?.Model is not null || served?.Switch is { HasStarted: true }) && !admission.IsDraining,
        };
        using IDisposable? export = OtlpSwitch.Start(options.OtlpEndpoint);
        ServerState state = served = new(LoadedModel.IdOf(options.Model.ModelPath), admission, metrics)
        {
            Files = files,
            Batches = batches,
        };
        using ModelSwitch? models = options.Switches ? Switching(options, state) : null;
        AllowedOrigins origins = new(options.CorsOrigins);
        RequestPipeline pipeline = new(state, new RequestGuard(keys, addresses, origins, options.AllowedHosts), origins);
        await using WebApplication app = Build(addresses, certificate, pipeline);
        await app.StartAsync(ct);
        Listeners.Protect(addresses);
        await using BatchRunner? runner = batches is null ? null : new BatchRunner(batches, state, pipeline.AnswerAsync);
        return await ServeAsync(app, options, state, signals, runner, ct);
    }

    private static async Task<int> ServeAsync(WebApplication app, DaemonOptions options, ServerState state, DaemonSignals signals,
        BatchRunner? runner, CancellationToken ct)
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = ct.Register(() => cancelled.TrySetResult());
        Task asked = Task.WhenAny(signals.Asked, cancelled.Task);
        using CancellationTokenSource stopLoading = new();
        Task<LoadedModel?> loading = Task.Run(() => LoadAsync(options.Model, state, stopLoading.Token), CancellationToken.None);
        Task serving = Task.CompletedTask;
        try
        {
            if (await Task.WhenAny(loading, asked, state.Planned.Task) == state.Planned.Task)
            {
                DaemonLog.Listening(app.Urls); // only now: a model that cannot be served ends the daemon
            }

            if (await Task.WhenAny(loading, asked) == loading)
            {
                LoadedModel? model = await loading;
                serving = state.Switch?.RunAsync() ?? Task.CompletedTask;
                runner?.Start();
                ServiceNotice.Ready(model is null ? "ready: a model is loaded when it is asked for" : $"ready: {model.Id}, context "
                    + $"{model.Engine.Context}, budget {Memory.ByteSize.Format(model.Plan.Sheet.BudgetBytes)}");
                await asked;
            }

            ServiceNotice.Stopping();
            state.Admission.Drain();
            state.Switch?.Drain();
            await stopLoading.CancelAsync();
            await DrainAsync(state.Admission, options.DrainTime);
            return 0;
        }
        finally
        {
            state.Admission.Drain();
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
            await app.StopAsync(patience.Token);
            await (runner?.EndAsync() ?? Task.CompletedTask);
            await EndAsync(state, loading, serving);
        }
    }

    private static ModelSwitch Switching(DaemonOptions options, ServerState state)
    {
        ModelSwitch models = new(new ServableModels(options.Model, options.Presets), state,
            new SwitchRules((model, ct) => ModelLoading.LoadAsync(model, state, ct), options.SwitchTime, options.IdleTime,
                Math.Max(1, options.QueueLimit))
            { AllowsDelete = options.AllowsDelete });
        state.Attach(models);
        return models;
    }

    private static async Task<LoadedModel?> LoadAsync(ModelOptions options, ServerState state, CancellationToken ct)
    {
        if (state.Switch is { } models)
        {
            return await models.StartAsync(ct);
        }

        LoadedModel model = await ModelLoading.LoadAsync(options.ForServing(), state, ct);
        state.Open(model);
        DaemonLog.Ready(model.Id, model.Engine.Context, Memory.ByteSize.Format(model.Plan.Sheet.BudgetBytes));
        return model;
    }

    // Running answers first have their time but for the end of it; then they end with what they have, which is sent as far as clients take
    // it.
    private static async Task DrainAsync(Admission admission, TimeSpan time)
    {
        DaemonLog.Draining(time.TotalSeconds);
        TimeSpan sending = time < 4 * s_sendingTime ? time / 4 : s_sendingTime;
        await EmptyAsync(admission, time - sending);
        admission.EndRunning();
        await EmptyAsync(admission, sending);
    }

    private static async Task EmptyAsync(Admission admission, TimeSpan time)
    {
        long since = Stopwatch.GetTimestamp();
        while (admission.Admitted > 0 && Stopwatch.GetElapsedTime(since) < time)
        {
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private static async Task EndAsync(ServerState state, Task<LoadedModel?> loading, Task serving)
    {
        await Task.WhenAny(loading);
        await serving;
        await (state.Switch?.EndAsync() ?? state.CloseAsync());
    }

    private static void Reload(ApiKeys keys, ServerCertificate? certificate)
    {
        try
        {
            keys.Reload();
            certificate?.Reload();
            DaemonLog.Reloaded();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or CryptographicException)
        {
            DaemonLog.ReloadFailed(e.Message);
        }
    }

    private static void RefuseOpenDoors(DaemonOptions options, IReadOnlyList<ListenAddress> addresses, ApiKeys keys)
    {
        if (options.TlsCertificate is null && addresses.FirstOrDefault(a => a.IsSecure) is { } secure)
        {
            throw new ArgumentException($"https on {secure.Host} needs --tls-certificate.");
        }

        ListenAddress? open = addresses.FirstOrDefault(a => !a.IsLoopback);
        if (open is not null && (!options.AllowRemote || !keys.AreRequired))
        {
            throw new ArgumentException(
                $"{open.Host} can be reached from other machines; give --allow-remote and --api-key-file, or listen on 127.0.0.1.");
        }
    }

    private static WebApplication Build(IReadOnlyList<ListenAddress> addresses, ServerCertificate? certificate,
        RequestPipeline pipeline)
    {
        WebApplicationBuilder builder =
            WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear(); // settings come from the command line's own sources only
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBody.MostBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            Listeners.Add(kestrel, addresses, certificate);
        });
        WebApplication app = builder.Build();
        app.Run(pipeline.HandleAsync);
        return app;
    }
}
