using LayerStream.Session.Reports;
using Endpoint = LayerStream.Host.Server.Endpoints.Endpoint;

namespace LayerStream.Host.Tests.Server.Described;

/// <summary>What an endpoint answers.</summary>
/// <param name="Body">The body's record; null = any object.</param>
/// <param name="Stream">What is sent instead where a stream is asked for; null = there is no stream.</param>
/// <param name="ContentType">The content type of what is no JSON; null = JSON.</param>
internal sealed record DescribedReply(Type? Body, string? Stream = null, string? ContentType = null)
{
    /// <summary>The form of events of the APIs.</summary>
    internal const string Events = "text/event-stream";

    /// <summary>The form of lines of JSON.</summary>
    internal const string Lines = "application/x-ndjson";

    private static readonly Dictionary<string, DescribedReply> s_byRow = new()
    {
        ["GET /"] = new(typeof(string), ContentType: "text/html"),
        ["GET /page/"] = new(typeof(string), ContentType: "text/plain"),
        ["GET /openapi.json"] = new(Body: null),
        ["GET /health"] = new(typeof(HealthReport)),
        ["GET /health/ready"] = new(typeof(HealthReport)),
        ["GET /health/live"] = new(typeof(HealthReport)),
        ["GET /v1/models"] = new(typeof(ModelList)),
        ["GET /v1/models/"] = new(typeof(ModelReply)),
        ["POST /v1/score"] = new(typeof(ScoreList)),
        ["POST /v1/files"] = new(typeof(FileReply)),
        ["GET /v1/files"] = new(typeof(FileList)),
        ["GET /v1/files/"] = new(typeof(FileReply)),
        ["DELETE /v1/files/"] = new(typeof(DeletedFile)),
        ["POST /v1/batches"] = new(typeof(BatchReply)),
        ["GET /v1/batches"] = new(typeof(BatchList)),
        ["GET /v1/batches/"] = new(typeof(BatchReply)),
        ["POST /v1/batches/"] = new(typeof(BatchReply)),
        ["POST /v1/chat/completions"] = new(typeof(ChatCompletion), Events),
        ["POST /v1/completions"] = new(typeof(TextCompletion), Events),
        ["POST /v1/responses"] = new(typeof(ResponseAnswer), Events),
        ["GET /v1/responses/"] = new(Body: null), // a response, or its items
        ["DELETE /v1/responses/"] = new(typeof(DeletedResponse)),
        ["POST /v1/messages"] = new(typeof(MessagesAnswer), Events),
        ["POST /v1/messages/count_tokens"] = new(typeof(MessagesCount)),
        ["POST /v1/embeddings"] = new(typeof(EmbeddingList)),
        ["POST /api/chat"] = new(typeof(OllamaChat), Lines),
        ["POST /api/generate"] = new(typeof(OllamaGenerated), Lines),
        ["GET /api/tags"] = new(typeof(OllamaModels)),
        ["GET /api/ps"] = new(typeof(OllamaModels)),
        ["POST /api/show"] = new(typeof(OllamaModel)),
        ["GET /api/version"] = new(typeof(OllamaVersion)),
        ["POST /api/embed"] = new(typeof(OllamaEmbeddings)),
        ["POST /api/embeddings"] = new(typeof(OllamaEmbedding)),
        ["POST /tokenize"] = new(typeof(TokenList)),
        ["POST /detokenize"] = new(typeof(TokenText)),
        ["POST /apply-template"] = new(typeof(PromptText)),
        ["GET /props"] = new(typeof(ServedModel)),
        ["GET /slots"] = new(typeof(SlotReply[])),
        ["GET /metrics"] = new(typeof(string), ContentType: "text/plain"),
        ["GET /v1/layerstream/status"] = new(typeof(StatusReport)),
        ["GET /v1/layerstream/models"] = new(typeof(ServedModelsReport)),
        ["POST /v1/layerstream/models/load"] = new(typeof(ServedModelReport)),
        ["POST /v1/layerstream/models/unload"] = new(typeof(ServedModelReport)),
        ["GET /v1/layerstream/requests"] = new(typeof(RequestListReport)),
        ["DELETE /v1/layerstream/requests/"] = new(typeof(void)),
        ["GET /v1/layerstream/plan"] = new(typeof(CurveReport)),
        ["GET /v1/layerstream/trace"] = new(typeof(byte[]), ContentType: "application/octet-stream"),
        ["GET /v1/layerstream/trace/live"] = new(typeof(string), ContentType: Events),
    };

    /// <summary>Of a row; one that is not listed answers some JSON object.</summary>
    internal static DescribedReply Of(Endpoint row) => s_byRow.GetValueOrDefault($"{row.Method} {row.Path}")
        ?? new DescribedReply(Body: null);

    /// <summary>How a row says what went wrong.</summary>
    internal static Type ErrorOf(Endpoint row) => row.Path.StartsWith("/v1/messages", StringComparison.Ordinal) ? typeof(MessagesError)
        : row.Path.StartsWith("/api/", StringComparison.Ordinal) ? typeof(OllamaError) : typeof(ErrorReply);
}
