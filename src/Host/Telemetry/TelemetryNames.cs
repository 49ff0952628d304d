namespace LayerStream.Host.Telemetry;

/// <summary>Names of spans, attributes and instruments. The GenAI conventions are still in development, so they live here only.</summary>
internal static class TelemetryNames
{
    public const string Source = "LayerStream";
    public const string Operation = "gen_ai.operation.name";
    public const string Provider = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string ResponseModel = "gen_ai.response.model";
    public const string ResponseId = "gen_ai.response.id";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string Temperature = "gen_ai.request.temperature";
    public const string TopP = "gen_ai.request.top_p";
    public const string MaxTokens = "gen_ai.request.max_tokens";
    public const string ErrorType = "error.type";
    public const string TokenType = "gen_ai.token.type";
    public const string RequestDuration = "gen_ai.server.request.duration";
    public const string TimeToFirstToken = "gen_ai.server.time_to_first_token";
    public const string TimePerOutputToken = "gen_ai.server.time_per_output_token";
    public const string Tokens = "layerstream.tokens";
    public const string Requests = "layerstream.requests";
    public const string StallTime = "layerstream.stall.time";
    public const string DiskIo = "layerstream.disk.io";
    public const string ExpertLookups = "layerstream.expert.lookups";
    public const string ExpertIo = "layerstream.expert.io";
    public const string ExpertSkips = "layerstream.expert.skips";
    public const string Passes = "layerstream.passes";
    public const string PassRows = "layerstream.pass.rows";
    public const string CachedTokens = "layerstream.tokens.cached";
    public const string DraftTokens = "layerstream.draft.tokens";
    public const string QueueCount = "layerstream.request.queue.count";
    public const string Rejections = "layerstream.request.rejections";
}
