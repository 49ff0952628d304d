using LayerStream.Actors;
using LayerStream.Actors.Tracing;
using LayerStream.Memory;

namespace LayerStream.Host.Telemetry;

/// <summary>What the rows of the table read: the daemon's own counts, and one look at the engine, if there is one.</summary>
internal sealed class MetricView
{
    /// <summary>Looks.</summary>
    public MetricView(DaemonMetrics metrics, Engine? engine)
    {
        Metrics = metrics;
        (Engine, Status, Counters, Loads) = (engine, engine?.Status(), engine?.Counters(), engine?.Loads);
        ResidentBytes = ProcessMemory.ResidentBytes();
    }

    /// <summary>Counts of requests.</summary>
    public DaemonMetrics Metrics { get; }

    /// <summary>The engine; null while the model loads.</summary>
    public Engine? Engine { get; }

    /// <summary>What it does; null as above.</summary>
    public EngineStatus? Status { get; }

    /// <summary>Its totals; null as above.</summary>
    public EngineCounters? Counters { get; }

    /// <summary>How long its reads took; null as above.</summary>
    public LoadTimes? Loads { get; }

    /// <summary>Resident memory of the process.</summary>
    public long ResidentBytes { get; }
}
