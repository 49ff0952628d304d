using LayerStream.Actors.Loading;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Telemetry;
using LayerStream.Session;

namespace LayerStream.Host.Server.Service;

/// <summary>What endpoints share.</summary>
internal sealed class ServerState(string modelId, Admission admission, DaemonMetrics metrics)
{
    private LoadedModel? _model;
    private LoadProgress _progress = new("opening", 0, 0);

    /// <summary>Name of the model in the API.</summary>
    public string ModelId => modelId;

    /// <summary>The queue.</summary>
    public Admission Admission => admission;

    /// <summary>Counters.</summary>
    public DaemonMetrics Metrics => metrics;

    /// <summary>Turns bodies into prompts one at a time, so that large bodies do not add up.</summary>
    public SemaphoreSlim Preparation { get; } = new(1, 1);

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

    /// <summary>The model.</summary>
    /// <exception cref="ApiException">503 while it loads or the daemon drains.</exception>
    public LoadedModel RequireModel()
    {
        if (admission.IsDraining)
        {
            throw new ApiException(503, "unavailable_error", "the server is shutting down", "draining") { RetryAfterSeconds = 5 };
        }

        return Model ?? throw new ApiException(503, "unavailable_error", "the model is loading", "loading") { RetryAfterSeconds = 2 };
    }
}
