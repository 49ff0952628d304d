using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace LayerStream.Host.Telemetry;

/// <summary>A histogram of requests, kept for the Prometheus page and recorded for an exporter.</summary>
internal sealed class RequestDurations(Histogram<double> instrument)
{
    private const int MostSeries = 64; // names of models come from the catalogue, not from requests; this is a last limit

    private readonly ConcurrentDictionary<(string Operation, string Model, bool IsError), BucketCounts> _series = new();

    /// <summary>Adds a duration; a negative one is unknown and left out.</summary>
    public void Add(double seconds, string operation, string model, bool isError)
    {
        if (seconds < 0 || (_series.Count >= MostSeries && !_series.ContainsKey((operation, model, isError))))
        {
            return;
        }

        _series.GetOrAdd((operation, model, isError), static _ => new BucketCounts()).Add(seconds);
        instrument.Record(seconds, [.. Labels((operation, model, isError))
            .Select(l => new KeyValuePair<string, object?>(l.Name, l.Value))]);
    }

    /// <summary>What was added so far.</summary>
    public IEnumerable<HistogramSample> Samples()
    {
        foreach (((string, string, bool) key, BucketCounts counts) in _series)
        {
            (long[] buckets, double sum) = counts.Snapshot();
            yield return new HistogramSample(BucketCounts.Bounds, buckets, sum, Labels(key));
        }
    }

    private static MetricLabel[] Labels((string Operation, string Model, bool IsError) key) =>
    [
        new(TelemetryNames.Operation, key.Operation), new(TelemetryNames.Provider, TelemetryNames.ProviderValue),
        new(TelemetryNames.RequestModel, key.Model), new(TelemetryNames.ResponseModel, key.Model),
        .. key.IsError ? (MetricLabel[])[new(TelemetryNames.ErrorType, TelemetryNames.ErrorOther)] : [],
    ];
}
