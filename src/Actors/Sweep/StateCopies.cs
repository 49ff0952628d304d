using LayerStream.Actors.Run;

namespace LayerStream.Actors.Sweep;

/// <summary>
/// A sequence that joins takes over what another one of the same scope has of the same beginning, whether that one still runs or has left
/// its state behind. Full pages of keys and values become those of both; copying the rest is far quicker than a sweep over the weights,
/// and has the same bits.
/// </summary>
internal static class StateCopies
{
    private const int LeastTokens = 16; // fewer are read beside the others

    /// <summary>Fills a sequence's seat where that spares more than what the seat has already.</summary>
    /// <param name="run">The sequence; it has its seat and has not begun.</param>
    /// <param name="scope">Its scope.</param>
    /// <param name="seats">All seats.</param>
    /// <param name="active">Sequences that run, between two passes.</param>
    /// <param name="queue">Sees to a page for what is copied.</param>
    internal static void Fill(SequenceRun run, UInt128 scope, IReadOnlyList<Seat> seats, List<SequenceRun> active, SweepQueue queue)
    {
        IReadOnlyList<int> prompt = run.History;
        int own = run.Seat.ResumeAt(scope, prompt), most = own + LeastTokens - 1;
        Seat? from = null;
        foreach (Seat seat in seats)
        {
            SequenceRun? user = active.Find(r => r.Seat == seat);
            int lent = user is null ? seat.ResumeAt(scope, prompt) : user == run ? 0 : user.Lends(run);
            (from, most) = lent > most ? (seat, lent) : (from, most);
        }

        if (from is not null && queue.TryMakeRoom(1, spared: from))
        {
            Copy(from, run.Seat, scope, prompt, own, most);
        }
    }

    private static void Copy(Seat from, Seat to, UInt128 scope, IReadOnlyList<int> prompt, int own, int tokens)
    {
        int? source = from.SnapshotOf(tokens), slot = to.BeginRestore(scope, prompt, own);
        to.State.Share(from.State, tokens);
        if (to.State.IsRecurrent)
        {
            to.State.CopyRecurrent(from.State, source, slot);
        }

        to.EndRestore(scope, [.. prompt.Take(tokens)], slot);
    }
}
