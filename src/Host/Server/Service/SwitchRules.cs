using LayerStream.Session;

namespace LayerStream.Host.Server.Service;

/// <summary>How a daemon changes from one model to another.</summary>
/// <param name="Load">Loads a model; failures are exceptions.</param>
/// <param name="MostDrain">How long answers of the loaded model may go on once another is asked for and its stay is over.</param>
/// <param name="IdleTime">How long a model stays loaded that nobody uses; null = for ever.</param>
/// <param name="MostWaiting">Requests that may wait for models that are not loaded.</param>
internal sealed record SwitchRules(
    Func<ModelOptions, CancellationToken, Task<LoadedModel>> Load, TimeSpan MostDrain, TimeSpan? IdleTime, int MostWaiting)
{
    /// <summary>Longest time that a model stays before others, however long it took to load.</summary>
    public static readonly TimeSpan MostStay = TimeSpan.FromMinutes(1);

    /// <summary>Time between two steps of ending a model's answers: they end with what they have, then their connections are
    /// broken.</summary>
    public TimeSpan SendingTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether requests may delete model files.</summary>
    public bool AllowsDelete { get; init; }

    /// <summary>Time for looking into models before the first is loaded and between two.</summary>
    public TimeSpan PlanningTime { get; init; } = TimeSpan.FromSeconds(2);
}
