using LayerStream.Actors.Loading;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Telemetry;
using LayerStream.Session;
using LayerStream.Session.Outlook;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Service;

/// <summary>What endpoints share.</summary>
internal sealed class ServerState(string modelId, Admission admission, DaemonMetrics metrics)
{
    private static readonly object s_placeItem = new();

    private readonly SemaphoreSlim _preparation = new(1, 1);
    private ServedModel? _served;
    private LoadProgress _progress = new("opening", 0, 0);

    /// <summary>What a client is told that comes too early.</summary>
    public static ApiException Loading => new(503, "unavailable_error", "the model is loading", "loading") { RetryAfterSeconds = 2 };

    /// <summary>What a client is told that asks about the loaded model when there is none.</summary>
    private static ApiException Unloaded => new(503, "unavailable_error", "no model is loaded; the next request for one loads it",
        "no_model_loaded")
    { RetryAfterSeconds = 2 };

    /// <summary>Name of the model in the API.</summary>
    public string ModelId => Served?.Id ?? modelId;

    /// <summary>The queue.</summary>
    public Admission Admission => admission;

    /// <summary>Counters.</summary>
    public DaemonMetrics Metrics => metrics;

    /// <summary>Time before the first sign of life: a request that fails sooner has its own status.</summary>
    public TimeSpan FirstSign { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Files of clients; null = none are kept.</summary>
    public FileStore? Files { get; init; }

    /// <summary>Batches of clients; null = there are none.</summary>
    public BatchStore? Batches { get; init; }

    /// <summary>Hands over the place of a request that nobody has sent.</summary>
    public static void SetPlace(HttpContext http, Admission.Place place) => http.Items[s_placeItem] = place;

    /// <summary>The place of a request.</summary>
    /// <exception cref="ApiException">As <see cref="Admission.Enter"/>.</exception>
    public Admission.Place Enter(HttpContext http, bool hasWaited = false) => PlaceOf(http)
        ?? admission.Enter(RequestGuard.HolderOf(http), http.Request.Path.Value ?? "", hasWaited);

    /// <summary>The place that a request has brought with it, or null.</summary>
    public static Admission.Place? PlaceOf(HttpContext http) =>
        http.Items.TryGetValue(s_placeItem, out object? place) ? (Admission.Place?)place : null;

    /// <summary>Turns bodies into prompts one at a time, so that large bodies do not add up.</summary>
    /// <exception cref="OperationCanceledException">The client left before its turn.</exception>
    public async Task<T> PrepareAsync<T>(Func<T> prepare, CancellationToken ct)
    {
        await _preparation.WaitAsync(ct);
        try
        {
            return prepare();
        }
        finally
        {
            _preparation.Release();
        }
    }

    /// <summary>The loaded model with what belongs to it; null while there is none.</summary>
    public ServedModel? Served => Volatile.Read(ref _served);

    /// <summary>Who loads models by name; null = there is one model.</summary>
    public ModelSwitch? Switch { get; private set; }

    /// <summary>What requests may hold; null while the model loads.</summary>
    public RequestMemory? Memory => Served?.Memory;

    /// <summary>Traces on their way out; null while the model loads.</summary>
    public TraceExports? Traces => Served?.Traces;

    /// <summary>Responses that clients may come back to; null while the first model loads.</summary>
    public StoredResponses? Responses { get; private set; }

    /// <summary>Predictions of speed; null while the model loads.</summary>
    public SpeedTracker? Speed => Served?.Speed;

    /// <summary>Completes when the model is planned: from then on the daemon can say that it listens.</summary>
    public TaskCompletionSource Planned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How far loading has come.</summary>
    public LoadProgress Progress
    {
        get => Volatile.Read(ref _progress);
        set => Volatile.Write(ref _progress, value);
    }

    /// <summary>The model, or null while it loads.</summary>
    public LoadedModel? Model => Served?.Model;

    /// <summary>From now on models are loaded by name.</summary>
    public void Attach(ModelSwitch models)
    {
        Switch = models;
        Responses = new StoredResponses(models.Bodies);
    }

    /// <summary>From now on requests are served.</summary>
    public void Open(LoadedModel model) => Open(new ServedModel(modelId, model));

    /// <summary>From now on requests are served.</summary>
    public void Open(ServedModel served)
    {
        if (Responses is { } kept)
        {
            kept.MoveTo(served.Memory);
        }
        else
        {
            Responses = new StoredResponses(served.Memory);
        }

        metrics.Follow(served.Model.Engine.Loads);
        admission.Turns = served.Model.Engine.CurrentPlan.Memory.Sequences;
        Volatile.Write(ref _served, served);
    }

    /// <summary>Disposes of the loaded model, if there is one; nobody uses it any more.</summary>
    public async Task CloseAsync()
    {
        if (Served is not { } served)
        {
            return;
        }

        served.Speed.Save();
        Volatile.Write(ref _served, null); // telemetry still asks
        await served.Model.DisposeAsync();
        served.Dispose();
    }

    /// <summary>A look at the loaded model, which is there as long as the hold lasts.</summary>
    /// <exception cref="ApiException">503 while there is none.</exception>
    public ModelHold Watch() => Served?.TryWatch() ?? throw (Switch is { HasStarted: true, LoadingNow: null } ? Unloaded : Loading);

    /// <summary>What requests may hold.</summary>
    /// <exception cref="ApiException">503 while the model loads.</exception>
    public RequestMemory RequireMemory() => Switch?.Bodies ?? Memory ?? throw Loading;

    /// <summary>Refuses what needs no model while the daemon ends, or loads its first.</summary>
    /// <exception cref="ApiException">503.</exception>
    public void RequireServing()
    {
        if (admission.IsDraining || Switch is not { HasStarted: true })
        {
            RequireModel();
        }
    }

    /// <summary>Files of clients.</summary>
    /// <exception cref="ApiException">501: none are kept.</exception>
    public FileStore RequireFiles() => Files ?? throw new ApiException(501, "invalid_request_error",
        "this server keeps no files, and so does no batches: start it with --files-dir DIR", "files_not_supported");

    /// <summary>The model.</summary>
    /// <exception cref="ApiException">503 while it loads or the daemon drains.</exception>
    public LoadedModel RequireModel()
    {
        if (admission.IsDraining)
        {
            throw Service.Admission.Draining;
        }

        return Model ?? throw Loading;
    }
}
