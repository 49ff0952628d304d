using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Run;

/// <summary>What a run generated and where its time went. Decode figures cover the passes behind the prompt's.</summary>
public sealed record RunResult
{
    public required int[] Ids { get; init; }

    public required int PromptTokens { get; init; }

    /// <summary>Of the prompt, tokens that were in memory from an earlier run and were not read again.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Guesses that passes tried.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Of them, those that the sampler drew as well.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>The same by where they came from.</summary>
    public IReadOnlyList<DraftCount> Drafts { get; init; } = [];

    /// <summary>What ended the guesses of the draft model; null = nothing did. The tokens are the same.</summary>
    public string? DraftFault { get; init; }

    /// <summary>Pages of keys and values, 128 tokens each, that it held at its end.</summary>
    public int KvPages { get; init; }

    /// <summary>How often it gave its pages up, because they had run out, and waited for others.</summary>
    public int Parks { get; init; }

    public int GeneratedTokens => Ids.Length;

    public required double PromptSeconds { get; init; }

    public required double DecodeSeconds { get; init; }

    /// <summary>Passes in which the sequence had rows; other sequences may have had some as well, and what a pass takes counts for
    /// each.</summary>
    public int Passes { get; init; }

    /// <summary>Mean rows of the decode passes, of all sequences that took part; 0 when there was none.</summary>
    public double RowsPerPass { get; init; }

    /// <summary>Bytes demanded by all passes of the run.</summary>
    public required long BytesStreamed { get; init; }

    /// <summary>Bytes read that no pass used.</summary>
    public required long BytesWasted { get; init; }

    /// <summary>Bytes demanded per decode pass.</summary>
    public required double BytesPerToken { get; init; }

    /// <summary>Experts demanded by the decode passes that were in memory.</summary>
    public required long ExpertHits { get; init; }

    /// <summary>Experts demanded by the decode passes that had to be read.</summary>
    public required long ExpertMisses { get; init; }

    /// <summary>Bytes of experts that all passes of the run had to read.</summary>
    public required long ExpertBytesStreamed { get; init; }

    /// <summary>Choices of experts (token, layer, expert) that the decode passes skipped; 0 unless
    /// <see cref="EngineOptions.DropColdExperts"/> is set.</summary>
    public required long ExpertsSkipped { get; init; }

    /// <summary>Of them, bytes read before they were demanded.</summary>
    public required long PredictedBytesUseful { get; init; }

    /// <summary>Bytes of experts read before they were demanded, and never demanded; part of <see cref="BytesWasted"/>.</summary>
    public required long PredictedBytesWasted { get; init; }

    /// <summary>Useful share of the predicted bytes; 1 when nothing was predicted.</summary>
    public double PredictionAccuracy => PredictedBytesUseful + PredictedBytesWasted == 0 ? 1
        : (double)PredictedBytesUseful / (PredictedBytesUseful + PredictedBytesWasted);

    /// <summary>Share of the decode passes' experts that were in memory; 1 in a model without experts.</summary>
    public double ExpertHitRate => ExpertHits + ExpertMisses == 0 ? 1 : (double)ExpertHits / (ExpertHits + ExpertMisses);

    /// <summary>Union of the intervals with a read in flight, over the decode passes.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>Time the crew was busy, over the decode passes.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Of it, time on experts.</summary>
    public required double ExpertComputeSeconds { get; init; }

    /// <summary>Time the crew was busy with the prompt's passes.</summary>
    public required double PromptComputeSeconds { get; init; }

    /// <summary>Bytes demanded by the prompt's passes.</summary>
    public required long PromptBytes { get; init; }

    /// <summary>(load + compute − wall) ÷ min(load, compute) over the decode passes; 1 when nothing was loaded.</summary>
    public required double OverlapShare { get; init; }

    /// <summary>Seconds of waiting by reason, over the decode passes.</summary>
    public required IReadOnlyDictionary<string, double> StallSeconds { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>cancelled</c>.</summary>
    public required string FinishReason { get; init; }

    /// <summary>The text that ended it, one of those it was to stop at; null = none did.</summary>
    public string? StopText { get; init; }

    public required long PinnedBytes { get; init; }

    public required int PrefetchDepth { get; init; }

    public required double WallSeconds { get; init; }
}
