using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using LayerStream.Actors;

namespace LayerStream.Host.Telemetry;

/// <summary>Counters of the daemon, kept for the Prometheus page and offered through a meter. Nothing leaves the process by
/// itself.</summary>
internal sealed class DaemonMetrics : IDisposable
{
    private static readonly double[] s_bounds = [.. BucketCounts.Bounds];
    private readonly Meter _meter = new(TelemetryNames.Source);
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _perToken;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _diskIo;
    private readonly Counter<long> _rejectionCounter;
    private readonly Counter<double> _stallTime;
    private long _promptTokens;
    private long _generatedTokens;
    private long _bytesStreamed;

    /// <summary>Makes the instruments.</summary>
    /// <param name="queued">Gives the number of waiting requests.</param>
    /// <param name="engine">Gives the engine's counters, or null while there is none.</param>
    public DaemonMetrics(Func<int> queued, Func<EngineStatus?> engine)
    {
        InstrumentAdvice<double> advice = new() { HistogramBucketBoundaries = s_bounds };
        _duration = _meter.CreateHistogram(TelemetryNames.RequestDuration, "s", advice: advice);
        _firstToken = _meter.CreateHistogram(TelemetryNames.TimeToFirstToken, "s", advice: advice);
        _perToken = _meter.CreateHistogram(TelemetryNames.TimePerOutputToken, "s", advice: advice);
        _tokens = _meter.CreateCounter<long>(TelemetryNames.Tokens, "{token}");
        _requests = _meter.CreateCounter<long>(TelemetryNames.Requests, "{request}");
        _diskIo = _meter.CreateCounter<long>(TelemetryNames.DiskIo, "By");
        _rejectionCounter = _meter.CreateCounter<long>(TelemetryNames.Rejections, "{request}");
        _stallTime = _meter.CreateCounter<double>(TelemetryNames.StallTime, "s");
        _meter.CreateObservableGauge(TelemetryNames.QueueCount, queued, "{request}");
        Observe(TelemetryNames.ExpertLookups, "{lookup}", engine,
            s => [Tagged(s.ExpertHits, "result", "hit"), Tagged(s.ExpertMisses, "result", "miss")]);
        Observe(TelemetryNames.ExpertIo, "By", engine,
            s => [Tagged(s.ExpertBytesDemanded, "use", "demanded"), Tagged(s.ExpertBytesWasted, "use", "wasted")]);
        Observe(TelemetryNames.Passes, "{pass}", engine, s => [new Measurement<long>(s.Passes)]);
        Observe(TelemetryNames.PassRows, "{row}", engine, s => [new Measurement<long>(s.PassRows)]);
        Observe(TelemetryNames.CachedTokens, "{token}", engine, s => [new Measurement<long>(s.CachedTokens)]);
        Observe(TelemetryNames.DraftTokens, "{token}", engine,
            s => [Tagged(s.AcceptedTokens, "result", "accepted"), Tagged(s.DraftedTokens - s.AcceptedTokens, "result", "wrong")]);
        Observe(TelemetryNames.ExpertSkips, "{choice}", engine, s => [new Measurement<long>(s.ExpertsSkipped)]);
    }

    /// <summary>Where spans of requests come from.</summary>
    public ActivitySource Source { get; } = new(TelemetryNames.Source);

    /// <summary>Chat requests by outcome.</summary>
    public ConcurrentDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>Refused requests by HTTP status.</summary>
    public ConcurrentDictionary<int, long> Rejections { get; } = new();

    /// <summary>Seconds of waiting by reason.</summary>
    public ConcurrentDictionary<string, double> Stalls { get; } = new(StringComparer.Ordinal);

    /// <summary>Seconds of a request from its arrival to its end.</summary>
    public BucketCounts Duration { get; } = new();

    /// <summary>Seconds from a request's arrival to its first token.</summary>
    public BucketCounts FirstToken { get; } = new();

    /// <summary>Seconds for each token behind the first.</summary>
    public BucketCounts PerToken { get; } = new();

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long GeneratedTokens => Interlocked.Read(ref _generatedTokens);

    public long BytesStreamed => Interlocked.Read(ref _bytesStreamed);

    /// <summary>Adds a finished request.</summary>
    public void Add(RequestFigures figures)
    {
        Outcomes.AddOrUpdate(figures.Outcome, 1, (_, n) => n + 1);
        _requests.Add(1, new KeyValuePair<string, object?>("outcome", figures.Outcome));
        Interlocked.Add(ref _promptTokens, figures.PromptTokens);
        Interlocked.Add(ref _generatedTokens, figures.GeneratedTokens);
        Interlocked.Add(ref _bytesStreamed, figures.BytesStreamed);
        _tokens.Add(figures.PromptTokens, new KeyValuePair<string, object?>(TelemetryNames.TokenType, "input"));
        _tokens.Add(figures.GeneratedTokens, new KeyValuePair<string, object?>(TelemetryNames.TokenType, "output"));
        _diskIo.Add(figures.BytesStreamed);
        Record(Duration, _duration, figures.Seconds);
        Record(FirstToken, _firstToken, figures.FirstTokenSeconds);
        Record(PerToken, _perToken, figures.SecondsPerToken);
        foreach ((string reason, double seconds) in figures.StallSeconds)
        {
            Stalls.AddOrUpdate(reason, seconds, (_, n) => n + seconds);
            _stallTime.Add(seconds, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    /// <summary>Counts a request that was refused.</summary>
    public void AddRejection(int status)
    {
        Rejections.AddOrUpdate(status, 1, (_, n) => n + 1);
        _rejectionCounter.Add(1, new KeyValuePair<string, object?>("status", status));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _meter.Dispose();
        Source.Dispose();
    }

    private static Measurement<long> Tagged(long value, string name, string tag) =>
        new(value, new KeyValuePair<string, object?>(name, tag));

    private void Observe(string name, string unit, Func<EngineStatus?> engine, Func<EngineStatus, Measurement<long>[]> read) =>
        _meter.CreateObservableCounter(name, () => engine() is { } status ? read(status) : [], unit);

    private static void Record(BucketCounts counts, Histogram<double> histogram, double seconds)
    {
        if (seconds >= 0)
        {
            counts.Add(seconds);
            histogram.Record(seconds);
        }
    }
}
