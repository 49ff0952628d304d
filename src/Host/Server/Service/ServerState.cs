using LayerStream.Actors.Loading;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Telemetry;
using LayerStream.Planning;
using LayerStream.Session;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Server.Service;

/// <summary>What endpoints share.</summary>
internal sealed class ServerState(string modelId, Admission admission, DaemonMetrics metrics)
{
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
