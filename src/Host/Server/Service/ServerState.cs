using LayerStream.Actors.Loading;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Telemetry;
using LayerStream.Planning;
using LayerStream.Session;
using LayerStream.Session.Outlook;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Service;

/// <summary>What endpoints share.</summary>
internal sealed class ServerState(string modelId, Admission admission, DaemonMetrics metrics)
{
    private static readonly object s_placeItem = new();

    private readonly SemaphoreSlim _preparation = new(1, 1);
    private LoadedModel? _model;
    private LoadProgress _progress = new("opening", 0, 0);

    /// <summary>What a client is told that comes too early.</summary>
    public static ApiException Loading => new(503, "unavailable_error", "the model is loading", "loading") { RetryAfterSeconds = 2 };

    /// <summary>Name of the model in the API.</summary>
    public string ModelId => modelId;

    /// <summary>The queue.</summary>
    public Admission Admission => admission;

    /// <summary>Counters.</summary>
    public DaemonMetrics Metrics => metrics;

    /// <summary>Files of clients; null = none are kept.</summary>
    public FileStore? Files { get; init; }

    /// <summary>Batches of clients; null = there are none.</summary>
    public BatchStore? Batches { get; init; }

    /// <summary>Hands over the place of a request that nobody has sent.</summary>
    public static void SetPlace(HttpContext http, Admission.Place place) => http.Items[s_placeItem] = place;

    /// <summary>The place of a request.</summary>
    /// <exception cref="ApiException">As <see cref="Admission.Enter"/>.</exception>
    public Admission.Place Enter(HttpContext http) => http.Items.TryGetValue(s_placeItem, out object? place) ? (Admission.Place)place!
        : admission.Enter(RequestGuard.HolderOf(http));

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

    /// <summary>What requests may hold; null while the model loads.</summary>
    public RequestMemory? Memory { get; set; }

    /// <summary>Traces on their way out; null while the model loads.</summary>
    public TraceExports? Traces { get; set; }

    /// <summary>Responses that clients may come back to; null while the model loads.</summary>
    public StoredResponses? Responses { get; private set; }

    /// <summary>Predictions of speed; null while the model loads.</summary>
    public SpeedTracker? Speed { get; private set; }

    /// <summary>Completes when the model is planned: from then on the daemon can say that it listens.</summary>
    public TaskCompletionSource Planned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How far loading has come.</summary>
    public LoadProgress Progress
    {
        get => Volatile.Read(ref _progress);
        set => Volatile.Write(ref _progress, value);
    }

    /// <summary>The model, or null while it loads.</summary>
    public LoadedModel? Model
    {
        get => Volatile.Read(ref _model);
        set => Volatile.Write(ref _model, value);
    }

    /// <summary>From now on requests are served.</summary>
    public void Open(LoadedModel model)
    {
        Memory = new RequestMemory(model.Engine.CurrentPlan.Sheet.Account(AccountNames.Requests));
        Responses = new StoredResponses(Memory);
        Traces = new TraceExports(model.Engine.CurrentPlan.Sheet.Account(AccountNames.TraceExport));
        Speed = new SpeedTracker(model.Engine.CurrentPlan, model.Options, model.Model.Files, model.DeviceBytesPerSecond);
        Speed.StartTuning(model.Engine);
        metrics.Follow(model.Engine.Loads);
        admission.Turns = model.Engine.CurrentPlan.Memory.Sequences;
        Model = model;
    }

    /// <summary>What requests may hold.</summary>
    /// <exception cref="ApiException">503 while the model loads.</exception>
    public RequestMemory RequireMemory() => Memory ?? throw Loading;

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
