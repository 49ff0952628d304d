using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using LayerStream.Actors;
using LayerStream.Actors.Tracing;

namespace LayerStream.Host.Telemetry;

/// <summary>Counts of the daemon, and the instruments of <see cref="MetricTable"/> for an exporter. Nothing leaves the process by
/// itself.</summary>
internal sealed class DaemonMetrics : IDisposable
{
    private readonly Meter _meter = new(TelemetryNames.Source);
    private readonly Func<Engine?> _engine;
    private readonly Dictionary<string, RequestDurations> _durations = new(StringComparer.Ordinal);
    private readonly Histogram<double> _loads;
    private long _promptTokens, _generatedTokens;

    /// <summary>Makes the instruments.</summary>
    /// <param name="queued">Gives the number of waiting requests.</param>
    /// <param name="engine">Gives the engine, or null while there is none.</param>
    public DaemonMetrics(Func<int> queued, Func<Engine?> engine)
    {
        (Queued, _engine, IsReady) = (queued, engine, () => engine() is not null);
        Histogram<double>? loads = null;
        foreach (MetricRow row in MetricTable.Rows)
        {
            switch (row.Kind)
            {
                case MetricKind.Counter:
                    _meter.CreateObservableCounter(row.Name, () => Observe(row), row.Unit, row.Note);
                    break;
                case MetricKind.Gauge:
                    _meter.CreateObservableGauge(row.Name, () => Observe(row), row.Unit, row.Note);
                    break;
                case MetricKind.Histogram when row.Name == TelemetryNames.LoadDuration:
                    loads = Histogram(row, LoadTimes.Bounds);
                    break;
                default:
                    _durations.Add(row.Name, new RequestDurations(Histogram(row, BucketCounts.Bounds)));
                    break;
            }
        }

        _loads = loads ?? throw new InvalidOperationException($"the table has no {TelemetryNames.LoadDuration}");
    }

    /// <summary>Where spans of requests come from.</summary>
    public ActivitySource Source { get; } = new(TelemetryNames.Source);

    /// <summary>Gives the number of waiting requests.</summary>
    public Func<int> Queued { get; }

    /// <summary>Gives the number of running ones.</summary>
    public Func<int> Running { get; init; } = () => 0;

    /// <summary>Says whether requests are served.</summary>
    public Func<bool> IsReady { get; init; }

    /// <summary>Finished requests by outcome.</summary>
    public ConcurrentDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>Refused requests by HTTP status.</summary>
    public ConcurrentDictionary<int, long> Rejections { get; } = new();

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long GeneratedTokens => Interlocked.Read(ref _generatedTokens);

    /// <summary>The name of a cause as a label.</summary>
    public static string NameOf(LoadCause cause) => cause switch
    {
        LoadCause.Prefetch => "prefetch",
        LoadCause.Demand => "demand",
        _ => "predicted",
    };

    /// <summary>Keeps the engine from being disposed of during a look.</summary>
    public Func<IDisposable?> Hold { get; init; } = () => null;

    /// <summary>One look at everything.</summary>
    public MetricView View()
    {
        using IDisposable? hold = Hold();
        return new MetricView(this, _engine());
    }

    /// <summary>The histogram of requests with that name.</summary>
    public RequestDurations Durations(string name) => _durations[name];

    /// <summary>Passes on what an engine's reads take to an exporter, if there is one.</summary>
    public void Follow(LoadTimes loads)
    {
        if (_loads.Enabled)
        {
            loads.Recorded = (cause, seconds) => _loads.Record(seconds, new KeyValuePair<string, object?>("cause", NameOf(cause)));
        }
    }

    /// <summary>Adds a finished request.</summary>
    public void Add(RequestFigures figures)
    {
        Outcomes.AddOrUpdate(figures.Outcome, 1, (_, n) => n + 1);
        Interlocked.Add(ref _promptTokens, figures.PromptTokens);
        Interlocked.Add(ref _generatedTokens, figures.GeneratedTokens);
        bool isError = figures.Outcome == RequestFigures.ErrorOutcome;
        _durations[TelemetryNames.RequestDuration].Add(figures.Seconds, figures.Operation, figures.Model, isError);
        _durations[TelemetryNames.TimeToFirstToken].Add(figures.FirstTokenSeconds, figures.Operation, figures.Model, isError: false);
        _durations[TelemetryNames.TimePerOutputToken].Add(figures.SecondsPerToken, figures.Operation, figures.Model, isError: false);
    }

    /// <summary>Counts a request that was refused.</summary>
    public void AddRejection(int status) => Rejections.AddOrUpdate(status, 1, (_, n) => n + 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        _meter.Dispose();
        Source.Dispose();
    }

    private IEnumerable<Measurement<double>> Observe(MetricRow row) => row.Read(View())
        .Select(s => new Measurement<double>(s.Value, s.Labels.Select(l => new KeyValuePair<string, object?>(l.Name, l.Value))));

    private Histogram<double> Histogram(MetricRow row, IReadOnlyList<double> bounds) =>
        _meter.CreateHistogram(row.Name, row.Unit, row.Note, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
}
