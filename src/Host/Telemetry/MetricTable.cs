using System.Globalization;
using LayerStream.Actors;
using LayerStream.Actors.Tracing;
using LayerStream.Memory;
using LayerStream.Planning.Drafts;

namespace LayerStream.Host.Telemetry;

/// <summary>Every metric of the daemon. The Prometheus page, the instruments of the exporter and docs/metrics.md are made from these
/// rows.</summary>
internal static class MetricTable
{
    private const string GenAi = $"`{TelemetryNames.Operation}`, `{TelemetryNames.Provider}`, `{TelemetryNames.RequestModel}`, "
        + $"`{TelemetryNames.ResponseModel}`";

    /// <summary>The rows.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } = [.. Requests(), .. Memory(), .. Ring(), .. Engine()];

    private static IEnumerable<MetricRow> Requests() =>
    [
        Durations(TelemetryNames.RequestDuration, GenAi + $", `{TelemetryNames.ErrorType}`", "From a request's arrival to its end."),
        Durations(TelemetryNames.TimeToFirstToken, GenAi, "From a request's arrival to its first token."),
        Durations(TelemetryNames.TimePerOutputToken, GenAi, "Of each token behind the first, on average over a request."),
        Gauge(TelemetryNames.Ready, "1", "", "1 when requests are served.", v => [new(v.Metrics.IsReady() ? 1 : 0)]),
        Counter(TelemetryNames.Requests, "{request}", "`outcome`", "Finished requests by why they ended.",
            v => v.Metrics.Outcomes.Select(o => new MetricSample(o.Value, new MetricLabel("outcome", o.Key)))),
        Counter(TelemetryNames.Rejections, "{request}", "`status`", "Refused requests by HTTP status.",
            v => v.Metrics.Rejections.Select(
                r => new MetricSample(r.Value, new MetricLabel("status", r.Key.ToString(CultureInfo.InvariantCulture))))),
        Gauge(TelemetryNames.QueueCount, "{request}", "", "Requests that wait for their turn.", v => [new(v.Metrics.Queued())]),
        Gauge(TelemetryNames.RunningCount, "{request}", "", "Requests that run.", v => [new(v.Metrics.Running())]),
        Counter(TelemetryNames.Tokens, "{token}", $"`{TelemetryNames.TokenType}` = input, output", "Tokens of finished requests.",
            v =>
            [
                new(v.Metrics.PromptTokens, new MetricLabel(TelemetryNames.TokenType, "input")),
                new(v.Metrics.GeneratedTokens, new MetricLabel(TelemetryNames.TokenType, "output")),
            ]),
    ];

    private static IEnumerable<MetricRow> Memory() =>
    [
        Gauge(TelemetryNames.MemoryLimit, "By", "", "The memory budget.", v => One(v.Engine?.CurrentPlan.Sheet.BudgetBytes)),
        Gauge(TelemetryNames.MemoryUsage, "By", "`state` = weights, kv, staging, scratch, runtime, free",
            "The budget by use; the states add up to it. Runtime is what is resident beside the native accounts.",
            v => v.Engine is { } engine ? MemoryStates.Of(engine.CurrentPlan.Sheet, v.ResidentBytes) : []),
        Gauge(TelemetryNames.MemoryResident, "By", "", "Resident memory of the process.", v => [new(v.ResidentBytes)]),
        Gauge(TelemetryNames.MemoryResidentPeak, "By", "", "The most it was so far.", _ => [new(ProcessMemory.PeakResidentBytes())]),
        Gauge(TelemetryNames.AccountLimit, "By", "`account`", "What each account of the budget sheet may hold.",
            v => Accounts(v, a => a.LimitBytes)),
        Gauge(TelemetryNames.AccountUsage, "By", "`account`", "What has been taken from it.", v => Accounts(v, a => a.UsedBytes)),
    ];

    private static IEnumerable<MetricRow> Ring() =>
    [
        Counter(TelemetryNames.DiskIo, "By", "", "Bytes read from the device.", v => One(v.Status?.BytesRead)),
        Counter(TelemetryNames.DiskDemand, "By", "", "Bytes that passes needed from it: streamed tiles and missed experts.",
            v => One(v.Counters?.DemandedBytes)),
        new MetricRow(TelemetryNames.LoadDuration, MetricKind.Histogram, "s", "`cause` = prefetch, demand, predicted",
            "Of a read: a tile in plan order, an expert that a layer chose, one that it will probably choose.")
        { ReadHistogram = Loads },
        Counter(TelemetryNames.StageTime, "s", "`stage` = load, compute, evict; `state` = busy, stall",
            "Time of each stage. Load stalls without a free slot, compute without a tile, eviction without anything spent.",
            v => v.Counters is { } c ? Stages(c) : []),
        Counter(TelemetryNames.StallTime, "s", "`reason` = " + string.Join(", ", Reasons().Select(r => r.Name())),
            "Time compute waited, by reason.",
            v => v.Counters is { } c
                ? Reasons().Select(r => new MetricSample(c.StallSeconds[(int)r], new MetricLabel("reason", r.Name()))) : []),
        Gauge(TelemetryNames.PrefetchDepth, "{slot}", "", "Slots that may be ahead of compute now.", v => One(v.Status?.Depth)),
        Gauge(TelemetryNames.PrefetchLimit, "{slot}", "", "Slots that the budget sheet has for it.", v => One(v.Counters?.DepthLimit)),
        Gauge(TelemetryNames.PrefetchOccupancy, "{slot}", "", "Slots whose tile is read and waits for compute.",
            v => One(v.Counters?.ReadyTiles)),
        Counter(TelemetryNames.ResidencyLookups, "{lookup}", "`part` = dense, expert; `result` = hit, inflight, miss",
            "What compute found when it came for a tile or an expert: it was in memory, its read ran, its read had not begun.",
            v => v is { Counters: { } c, Status: { } s } ? Lookups(c, s) : []),
    ];

    private static IEnumerable<MetricRow> Engine() =>
    [
        Counter(TelemetryNames.ExpertIo, "By", "`use` = demanded, wasted",
            "Bytes of experts that passes demanded and had read, and bytes read that none used.",
            v => v.Status is { } s ? Pairs("use", ("demanded", s.ExpertBytesDemanded), ("wasted", s.ExpertBytesWasted)) : []),
        Counter(TelemetryNames.ExpertSkips, "{choice}", "", "Choices of experts that `--drop-cold-experts` skipped.",
            v => One(v.Status?.ExpertsSkipped)),
        Gauge(TelemetryNames.Sequences, "{sequence}", "`state` = running, waiting, limit",
            "Sequences in passes, those that wait for a place, and places.",
            v => v.Status is { } s
                ? Pairs("state", ("running", s.RunningSequences), ("waiting", s.WaitingSequences), ("limit", s.Sequences)) : []),
        Gauge(TelemetryNames.KvPages, "{page}", "`state` = held, kept, free, parked",
            "Pages of 128 tokens of keys and values: of running sequences, kept for later ones, free; those that waiting ones gave up.",
            v => v.Status is { Pages: { } p }
                ? Pairs("state", ("held", p.Held), ("kept", p.Kept), ("free", p.Free), ("parked", p.Parked)) : []),
        Counter(TelemetryNames.CachedTokens, "{token}", "", "Tokens of prompts that were in memory and were not read again.",
            v => One(v.Status?.CachedTokens)),
        Counter(TelemetryNames.DraftTokens, "{token}", "`kind` = prompt, grammar, model; `result` = accepted, wrong",
            "Guesses that passes tried, by where they came from: drawn as well, or not.",
            v => v.Status?.Drafts.SelectMany(Drafts) ?? []),
        Counter(TelemetryNames.Passes, "{pass}", "", "Passes over the model.", v => One(v.Status?.Passes)),
        Counter(TelemetryNames.PassRows, "{row}", "", "Rows of all passes: tokens of prompts, newest tokens and guesses.",
            v => One(v.Status?.PassRows)),
        Counter(TelemetryNames.TraceEvents, "{event}", "", "Events of the trace recorded.", v => One(v.Counters?.TraceEvents)),
        Counter(TelemetryNames.TraceDrops, "{event}", "", "Of them, those that newer ones have replaced.",
            v => One(v.Counters?.TraceReplaced)),
    ];

    private static MetricRow Durations(string name, string labels, string note) =>
        new(name, MetricKind.Histogram, "s", labels, note) { ReadHistogram = v => v.Metrics.Durations(name).Samples() };

    private static MetricRow Counter(
        string name, string unit, string labels, string note, Func<MetricView, IEnumerable<MetricSample>> read) =>
        new(name, MetricKind.Counter, unit, labels, note) { Read = read };

    private static MetricRow Gauge(
        string name, string unit, string labels, string note, Func<MetricView, IEnumerable<MetricSample>> read) =>
        new(name, MetricKind.Gauge, unit, labels, note) { Read = read };

    private static MetricSample[] One(long? value) => value is { } known ? [new MetricSample(known)] : [];

    private static IEnumerable<MetricSample> Pairs(string label, params (string Value, long Count)[] pairs) =>
        pairs.Select(p => new MetricSample(p.Count, new MetricLabel(label, p.Value)));

    private static MetricSample[] Drafts(DraftCount count) =>
    [
        new(count.Accepted, new MetricLabel("kind", count.Kind.Name()), new MetricLabel("result", "accepted")),
        new(count.Drafted - count.Accepted, new MetricLabel("kind", count.Kind.Name()), new MetricLabel("result", "wrong")),
    ];

    private static IEnumerable<MetricSample> Accounts(MetricView view, Func<BudgetAccount, long> bytes) =>
        view.Engine?.CurrentPlan.Sheet.Accounts.Select(a => new MetricSample(bytes(a), new MetricLabel("account", a.Name))) ?? [];

    private static IEnumerable<StallReason> Reasons() => Enum.GetValues<StallReason>().Where(r => r != StallReason.None);

    private static IEnumerable<HistogramSample> Loads(MetricView view) =>
        view.Loads is not { } loads ? [] : Enum.GetValues<LoadCause>().Select(cause =>
        {
            (long[] counts, double sum) = loads.Snapshot(cause);
            return new HistogramSample(LoadTimes.Bounds, counts, sum, new MetricLabel("cause", DaemonMetrics.NameOf(cause)));
        });

    private static IEnumerable<MetricSample> Stages(EngineCounters c)
    {
        MetricSample Of(double seconds, string stage, string state) =>
            new(seconds, new MetricLabel("stage", stage), new MetricLabel("state", state));
        return
        [
            Of(c.LoadBusySeconds, "load", "busy"), Of(c.LoadStallSeconds, "load", "stall"),
            Of(c.ComputeBusySeconds, "compute", "busy"), Of(c.StallSeconds.Sum(), "compute", "stall"),
            Of(c.EvictBusySeconds, "evict", "busy"), Of(c.EvictStallSeconds, "evict", "stall"),
        ];
    }

    private static IEnumerable<MetricSample> Lookups(EngineCounters c, EngineStatus s)
    {
        MetricSample Of(long count, string part, string result) =>
            new(count, new MetricLabel("part", part), new MetricLabel("result", result));
        return
        [
            Of(c.TileHits, "dense", "hit"), Of(c.TilesInFlight, "dense", "inflight"), Of(c.TileMisses, "dense", "miss"),
            Of(s.ExpertHits, "expert", "hit"), Of(c.ExpertsInFlight, "expert", "inflight"),
            Of(s.ExpertMisses - c.ExpertsInFlight, "expert", "miss"),
        ];
    }
}
