using System.Text.Json.Serialization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Tokenization;

namespace LayerStream.Session.Reports;

/// <summary>What a run gave and what it took; null = the model has no such figure.</summary>
public sealed record RunReport
{
    /// <summary>The answer.</summary>
    public required string Text { get; init; }

    /// <summary>Its tokens.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Log-probabilities of each token, when asked for.</summary>
    [JsonPropertyName("logprobs")]
    public IReadOnlyList<TokenReport>? LogProbabilities { get; init; }

    public required int PromptTokens { get; init; }

    public required int GeneratedTokens { get; init; }

    /// <summary>Passes, what was spared and what was guessed.</summary>
    public required SweepReport Sweep { get; init; }

    /// <summary>Why the draft model was left out; null = it was not, or none was given.</summary>
    public string? LeftOutDraftModel { get; init; }

    public required double PromptSeconds { get; init; }

    public required double DecodeSeconds { get; init; }

    public required double PromptComputeSeconds { get; init; }

    public required long PromptBytes { get; init; }

    public required long BytesStreamed { get; init; }

    public required long BytesWasted { get; init; }

    public required double BytesPerToken { get; init; }

    public long? ExpertHits { get; init; }

    public long? ExpertMisses { get; init; }

    public double? ExpertHitRate { get; init; }

    public long? ExpertBytesStreamed { get; init; }

    public double? ExpertComputeSeconds { get; init; }

    public long? ExpertsSkipped { get; init; }

    public long? PredictedBytesUseful { get; init; }

    public long? PredictedBytesWasted { get; init; }

    public double? PredictionAccuracy { get; init; }

    /// <summary>The lossy options in force; empty = the output is the model's own.</summary>
    public required IReadOnlyList<string> Lossy { get; init; }

    public required double LoadSeconds { get; init; }

    public required double ComputeSeconds { get; init; }

    /// <summary>How much of the shorter of load and compute lay under the other, 0 to 1.</summary>
    public required double OverlapShare { get; init; }

    /// <summary>Seconds that compute waited, by reason.</summary>
    public required IReadOnlyDictionary<string, double> StallSeconds { get; init; }

    public required long PeakMemoryBytes { get; init; }

    public required long BudgetBytes { get; init; }

    public required long PinnedBytes { get; init; }

    public required int PrefetchDepth { get; init; }

    /// <summary>Why it ended.</summary>
    public required string FinishReason { get; init; }

    /// <summary>The figures of an answer.</summary>
    public static RunReport Of(Reply reply, EnginePlan plan, Tokenizer? tokenizer)
    {
        RunResult r = reply.Result;
        RunReport report = new()
        {
            Text = reply.Text,
            Ids = r.Ids,
            LogProbabilities = reply.LogProbabilities.Count == 0 ? null
                : [.. reply.LogProbabilities.Select(token => TokenReport.Of(token, tokenizer))],
            PromptTokens = r.PromptTokens,
            GeneratedTokens = r.GeneratedTokens,
            Sweep = SweepReport.Of(r),
            LeftOutDraftModel = plan.LeftOutDraftModel is { } cost ? DraftFiles.Describe(cost) : null,
            PromptSeconds = r.PromptSeconds,
            DecodeSeconds = r.DecodeSeconds,
            PromptComputeSeconds = r.PromptComputeSeconds,
            PromptBytes = r.PromptBytes,
            BytesStreamed = r.BytesStreamed,
            BytesWasted = r.BytesWasted,
            BytesPerToken = r.BytesPerToken,
            Lossy = plan.Lossy,
            LoadSeconds = r.LoadSeconds,
            ComputeSeconds = r.ComputeSeconds,
            OverlapShare = r.OverlapShare,
            StallSeconds = r.StallSeconds,
            PeakMemoryBytes = PeakMemory.Bytes(),
            BudgetBytes = plan.Sheet.BudgetBytes,
            PinnedBytes = r.PinnedBytes,
            PrefetchDepth = r.PrefetchDepth,
            FinishReason = r.FinishReason,
        };
        return plan.Spec.ExpertBanks.Count == 0 ? report : report with
        {
            ExpertHits = r.ExpertHits,
            ExpertMisses = r.ExpertMisses,
            ExpertHitRate = r.ExpertHitRate,
            ExpertBytesStreamed = r.ExpertBytesStreamed,
            ExpertComputeSeconds = r.ExpertComputeSeconds,
            ExpertsSkipped = r.ExpertsSkipped,
            PredictedBytesUseful = r.PredictedBytesUseful,
            PredictedBytesWasted = r.PredictedBytesWasted,
            PredictionAccuracy = r.PredictionAccuracy,
        };
    }
}
