namespace LayerStream.Host.Telemetry;

/// <summary>How a metric changes.</summary>
internal enum MetricKind
{
    /// <summary>A total that only grows.</summary>
    Counter,

    /// <summary>What is so now.</summary>
    Gauge,

    /// <summary>Durations by bucket.</summary>
    Histogram,
}
