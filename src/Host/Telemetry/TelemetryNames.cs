namespace LayerStream.Host.Telemetry;

/// <summary>Names of spans, attributes and instruments. The GenAI conventions are still in development, so they live here only; what the
/// instruments mean stands in <see cref="MetricTable"/>.</summary>
internal static class TelemetryNames
{
    public const string Source = "LayerStream";
    public const string Operation = "gen_ai.operation.name";
    public const string Chat = "chat";
    public const string Provider = "gen_ai.provider.name";
    public const string ProviderValue = "layerstream";
    public const string RequestModel = "gen_ai.request.model";
    public const string ResponseModel = "gen_ai.response.model";
    public const string ResponseId = "gen_ai.response.id";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string CachedInputTokens = "gen_ai.usage.cache_read.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string Temperature = "gen_ai.request.temperature";
    public const string TopP = "gen_ai.request.top_p";
    public const string MaxTokens = "gen_ai.request.max_tokens";
    public const string ErrorType = "error.type";
    public const string ErrorOther = "_OTHER"; // the convention's word where nothing finer is known
    public const string TokenType = "gen_ai.token.type";
    public const string RequestDuration = "gen_ai.server.request.duration";
    public const string TimeToFirstToken = "gen_ai.server.time_to_first_token";
    public const string TimePerOutputToken = "gen_ai.server.time_per_output_token";
    public const string Ready = "layerstream.ready";
    public const string Tokens = "layerstream.tokens";
    public const string CachedTokens = "layerstream.tokens.cached";
    public const string DraftTokens = "layerstream.draft.tokens";
    public const string Requests = "layerstream.requests";
    public const string QueueCount = "layerstream.request.queue.count";
    public const string RunningCount = "layerstream.request.running.count";
    public const string Rejections = "layerstream.request.rejections";
    public const string MemoryLimit = "layerstream.memory.limit";
    public const string MemoryUsage = "layerstream.memory.usage";
    public const string MemoryResident = "layerstream.memory.resident";
    public const string MemoryResidentPeak = "layerstream.memory.resident.peak";
    public const string AccountLimit = "layerstream.memory.account.limit";
    public const string AccountUsage = "layerstream.memory.account.usage";
    public const string DiskIo = "layerstream.disk.io";
    public const string DiskDemand = "layerstream.disk.demand";
    public const string LoadDuration = "layerstream.load.duration";
    public const string StageTime = "layerstream.stage.time";
    public const string StallTime = "layerstream.stall.time";
    public const string PrefetchDepth = "layerstream.prefetch.depth";
    public const string PrefetchLimit = "layerstream.prefetch.limit";
    public const string PrefetchOccupancy = "layerstream.prefetch.occupancy";
    public const string ResidencyLookups = "layerstream.residency.lookups";
    public const string ExpertIo = "layerstream.expert.io";
    public const string ExpertSkips = "layerstream.expert.skips";
    public const string Sequences = "layerstream.sequence.count";
    public const string KvPages = "layerstream.kv.pages";
    public const string Passes = "layerstream.passes";
    public const string PassRows = "layerstream.pass.rows";
    public const string TraceEvents = "layerstream.trace.events";
    public const string TraceDrops = "layerstream.trace.drops";
}
