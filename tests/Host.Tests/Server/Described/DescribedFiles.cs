using System.Text.Json;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Tests.Server.Described;

/// <summary>A file.</summary>
internal sealed record FileReply(string Id, string Object, long Bytes, long CreatedAt, string Filename, string Purpose, string Status,
    string? StatusDetails, long? ExpiresAt = null);

/// <summary>A page of the files.</summary>
internal sealed record FileList(string Object, IReadOnlyList<FileReply> Data, string? FirstId, string? LastId, bool HasMore);

/// <summary>A file that is forgotten.</summary>
internal sealed record DeletedFile(string Id, string Object, bool Deleted);

/// <summary>A batch.</summary>
internal sealed record BatchReply(string Id, string Object, string Endpoint, string Model, BatchFaults? Errors, string InputFileId,
    string CompletionWindow, string Status, string? OutputFileId, string? ErrorFileId, long CreatedAt, long ExpiresAt, long? InProgressAt,
    long? FinalizingAt, long? CompletedAt, long? FailedAt, long? ExpiredAt, long? CancellingAt, long? CancelledAt,
    BatchRequestCounts RequestCounts, Dictionary<string, JsonElement>? Metadata);

/// <summary>What is wrong with its requests.</summary>
internal sealed record BatchFaults(string Object, IReadOnlyList<BatchLineFault> Data);

/// <summary>What is wrong with one of them.</summary>
internal sealed record BatchLineFault(string Code, string Message, string? Param, int? Line);

/// <summary>How far it has come.</summary>
internal sealed record BatchRequestCounts(int Total, int Completed, int Failed);

/// <summary>A page of the batches.</summary>
internal sealed record BatchList(string Object, IReadOnlyList<BatchReply> Data, string? FirstId, string? LastId, bool HasMore);

/// <summary>Probabilities of given answers.</summary>
internal sealed record ScoreList(string Id, string Object, long Created, string Model, IReadOnlyList<ScoredQuestion> Data,
    ScoreUsage Usage);

/// <summary>Those of one question.</summary>
internal sealed record ScoredQuestion(string Object, int Index, JsonElement? Id = null, string? Answer = null,
    IReadOnlyList<ChoiceReport>? Choices = null, int? PromptTokens = null, int? CachedTokens = null, string? Error = null);

/// <summary>Tokens of all questions.</summary>
internal sealed record ScoreUsage(int PromptTokens, int TotalTokens, CachedTokens PromptTokensDetails);

/// <summary>A model.</summary>
internal sealed record ModelReply(string Id, string Object, string Type, string DisplayName, long Created, DateTimeOffset CreatedAt,
    string OwnedBy, int? ContextLength = null, int? MaxModelLen = null, ModelReplyMeta? Meta = null, string? State = null,
    IReadOnlyList<string>? Aliases = null, FitReport? Plan = null, ProgressReport? Progress = null);

/// <summary>Figures of the loaded model.</summary>
internal sealed record ModelReplyMeta(int NCtx, int NCtxTrain, int NVocab);
