using LayerStream.Actors;
using LayerStream.Actors.Run;

namespace LayerStream.Session.Reports;

/// <summary>What sweeps over the weights served: of one answer, or of all since the engine started. The same figures in <c>run --json</c>,
/// <c>chat --json</c> and the daemon's status.</summary>
public sealed record SweepReport
{
    /// <summary>Passes over the model; of an answer those in which it had rows.</summary>
    public required long Passes { get; init; }

    /// <summary>Mean rows of those passes, of all sequences; of an answer without those that read its prompt. 0 = there was none.</summary>
    public required double RowsPerPass { get; init; }

    /// <summary>Tokens of prompts that were in memory and were not read again.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Guesses that passes tried.</summary>
    public required long DraftedTokens { get; init; }

    /// <summary>Of them, those that were drawn as well.</summary>
    public required long AcceptedTokens { get; init; }

    /// <summary>Both by where the guesses came from: <c>prompt</c>, <c>grammar</c>, <c>model</c>; null = none were tried.</summary>
    public IReadOnlyDictionary<string, DraftReport>? Drafts { get; init; }

    /// <summary>What ended the guesses of the draft model for this answer; null = nothing did.</summary>
    public string? DraftFault { get; init; }

    /// <summary>Pages of keys and values, 128 tokens each, that it held at its end; of the daemon those that running sequences
    /// hold.</summary>
    public int KvPages { get; init; }

    /// <summary>How often it gave its pages up, because they had run out, and waited for others.</summary>
    public long Parks { get; init; }

    /// <summary>Of one answer.</summary>
    public static SweepReport Of(RunResult result) => new()
    {
        Passes = result.Passes,
        RowsPerPass = Math.Round(result.RowsPerPass, 3),
        CachedTokens = result.CachedTokens,
        DraftedTokens = result.DraftedTokens,
        AcceptedTokens = result.AcceptedTokens,
        Drafts = DraftReport.Of(result.Drafts),
        DraftFault = result.DraftFault,
        KvPages = result.KvPages,
        Parks = result.Parks,
    };

    /// <summary>Of all answers since the engine started.</summary>
    public static SweepReport Of(EngineStatus status) => new()
    {
        Passes = status.Passes,
        RowsPerPass = status.Passes == 0 ? 0 : Math.Round((double)status.PassRows / status.Passes, 3),
        CachedTokens = status.CachedTokens,
        DraftedTokens = status.DraftedTokens,
        AcceptedTokens = status.AcceptedTokens,
        Drafts = DraftReport.Of(status.Drafts),
        KvPages = status.Pages.Held,
        Parks = status.Parks,
    };
}
