using LayerStream.Models.Decoding;

namespace LayerStream.Actors.Sweep;

/// <summary>
/// A sequence begins like another one that is about to read this beginning, and goes on behind the other's rows, in the same pass if there
/// is room for it. Changed by the compute thread only.
/// </summary>
/// <param name="run">The sequence.</param>
/// <param name="leader">The other one; null = there is none.</param>
/// <param name="tokens">Tokens of the beginning: full pages.</param>
internal sealed class SequenceLead(SequenceRun? run, SequenceRun? leader, int tokens)
{
    private int _own; // tokens of the sequence's own that have been through the model

    /// <summary>Nobody reads anything for the sequence.</summary>
    internal static SequenceLead None { get; } = new(null, null, 0);

    internal SequenceRun? Leader => leader;

    internal int Tokens => tokens;

    /// <summary>Whether the pass that is planned or under way takes the sequence on from there.</summary>
    internal bool IsAhead { get; private set; }

    /// <summary>Pages of the beginning that the sequence does not hold yet.</summary>
    internal int MissingPages => run is null ? 0 : Math.Max(0, (tokens / PageLayout.Tokens) - run.Seat.State.Pages.Held);

    /// <summary>Whether the leader's rows of the next pass complete the beginning.</summary>
    internal bool IsReached => leader is not null && leader.Done + leader.Rows >= tokens;

    /// <summary>The next pass takes the sequence on from there.</summary>
    internal void GoAhead() => (_own, run!.Done, IsAhead) = (run.Done, tokens, true);

    /// <summary>It does not, or it came to nothing.</summary>
    internal void StayBehind()
    {
        if (IsAhead)
        {
            (run!.Done, IsAhead) = (_own, false);
        }
    }

    /// <summary>The pass is over.</summary>
    /// <returns>Whether the sequence's rows count: a value of the leader's may have left the range of keys and values.</returns>
    internal bool TryEnd()
    {
        if (!IsAhead)
        {
            return true;
        }

        bool counts = leader!.Seat.State.Fault is null;
        if (!counts)
        {
            StayBehind();
            run!.Seat.State.Cut(run.Done);
        }

        IsAhead = false;
        run!.EndFollowing();
        run.Cached = counts && run.Figures.Passes == 1 ? tokens : run.Cached;
        return counts;
    }
}
