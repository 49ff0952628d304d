using LayerStream.Actors.Run;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors;

/// <summary>A snapshot of a running engine.</summary>
public sealed record EngineStatus
{
    public required bool Busy { get; init; }

    /// <summary>Why the engine serves nothing any more; null while it is ready.</summary>
    public required string? Failure { get; init; }

    public required int FreeSlots { get; init; }

    public required int TotalSlots { get; init; }

    /// <summary>Transient expert slots that hold nothing; equal to <see cref="TransientSlots"/> between runs.</summary>
    public required int FreeTransientSlots { get; init; }

    public required int TransientSlots { get; init; }

    /// <summary>Experts demanded since the start that were in memory.</summary>
    public required long ExpertHits { get; init; }

    /// <summary>Experts demanded since the start that had to be read.</summary>
    public required long ExpertMisses { get; init; }

    /// <summary>Bytes of experts that passes demanded since the start and that had to be read.</summary>
    public required long ExpertBytesDemanded { get; init; }

    /// <summary>Bytes of experts read since the start that no pass used and that were not kept.</summary>
    public required long ExpertBytesWasted { get; init; }

    /// <summary>Choices of experts (token, layer, expert) skipped since the start; 0 unless <see cref="EngineOptions.DropColdExperts"/> is
    /// set.</summary>
    public required long ExpertsSkipped { get; init; }

    /// <summary>Bytes of experts read before they were demanded, and then demanded.</summary>
    public required long PredictedBytesUseful { get; init; }

    /// <summary>Bytes of experts read before they were demanded, for nothing.</summary>
    public required long PredictedBytesWasted { get; init; }

    public required int InFlightReads { get; init; }

    public required long BytesRead { get; init; }

    public required double LoadSeconds { get; init; }

    public required double ComputeSeconds { get; init; }

    public required long Tokens { get; init; }

    /// <summary>Tokens of the prompts of finished runs that were in memory and were not read again.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Guesses that passes tried for finished runs.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Of them, those that were drawn as well.</summary>
    public long AcceptedTokens { get; init; }

    /// <summary>The same by where they came from.</summary>
    public IReadOnlyList<DraftCount> Drafts { get; init; } = [];

    /// <summary>Sequences that may run at the same time.</summary>
    public int Sequences { get; init; }

    /// <summary>Sequences that take part in passes now.</summary>
    public int RunningSequences { get; init; }

    /// <summary>Sequences that wait for a state.</summary>
    public int WaitingSequences { get; init; }

    /// <summary>Pages of keys and values.</summary>
    public required PageCounts Pages { get; init; }

    /// <summary>How often finished runs had given their pages up, because they had run out, and waited for others.</summary>
    public long Parks { get; init; }

    /// <summary>Passes over the model since the start.</summary>
    public long Passes { get; init; }

    /// <summary>Rows of all of them.</summary>
    public long PassRows { get; init; }

    public required int Depth { get; init; }
}
