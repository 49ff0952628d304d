using LayerStream.Actors.Kept;
using LayerStream.Actors.Run;
using LayerStream.Models.Decoding;
using LayerStream.Planning.Batches;

namespace LayerStream.Actors.Sweep;

/// <summary>What sequences leave in a folder, and what later ones find there.</summary>
/// <param name="folder">The folder; outlives this.</param>
/// <param name="residents">Gives the experts in memory, on the compute thread.</param>
internal sealed class KeptStates(StateFolder folder, Func<IReadOnlyList<HotExpert>> residents)
{
    private readonly StateWriter _writer = new(folder);

    /// <summary>Why the last state could not be written; null while all could.</summary>
    internal string? Fault => _writer.Fault;

    /// <summary>Whether states are written: another process that serves the same model from the same folder writes them.</summary>
    internal bool CanWrite => folder.CanWrite;

    /// <summary>Bytes of all files in the folder.</summary>
    internal long Bytes => folder.Bytes;

    /// <summary>A sequence leaves its seat: what it leaves is written beside what comes, as far as nobody else wants its pages
    /// first.</summary>
    internal void Add(Seat seat)
    {
        if (seat.Job() is { } job)
        {
            _writer.Add(job, residents());
        }
    }

    /// <summary>Test hook, called before a file is written.</summary>
    internal Action? WriteHook
    {
        set => folder.WriteHook = value;
    }

    /// <summary>Completes when everything that sequences left is written or given up.</summary>
    internal Task EndAsync() => _writer.EndAsync();

    /// <summary>Before there are sequences: puts the conversation used last into a seat, where its next turn finds it. Files that are not
    /// whole are found, and all that takes part is ready, before anyone waits for it.</summary>
    /// <param name="seat">A seat that nobody has used.</param>
    /// <param name="keeps">Whether a next turn may come; else the first page is put there for that purpose only, and forgotten.</param>
    internal void Prepare(Seat seat, bool keeps)
    {
        if (folder.Newest(keeps ? seat.State.Context : Math.Min(seat.State.Context, PageLayout.Tokens)) is { } newest)
        {
            Fill(seat, newest.Scope, [.. newest.Tokens, 0], _ => true); // all pages are free, and they suffice for a context
            if (!keeps)
            {
                seat.Forget();
            }
        }
    }

    /// <summary>
    /// Puts into a seat's state what the folder has of a prompt, where that spares more than what the seat has. Pieces that are not as they
    /// were written are passed over.
    /// </summary>
    /// <param name="seat">The seat.</param>
    /// <param name="scope">Who asks.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="makeRoom">Sees to free pages; false when there are too few.</param>
    internal void Fill(Seat seat, UInt128 scope, IReadOnlyList<int> prompt, Func<int, bool> makeRoom)
    {
        bool isWhole = false;
        while (!isWhole) // each time round, a piece that was not whole is gone
        {
            int resumed = seat.ResumeAt(scope, prompt);
            KeptPath path = folder.Find(scope, prompt, seat.State.IsRecurrent, resumed);
            int pages = PageLayout.Pages(path.Tokens) - (resumed / PageLayout.Tokens);
            isWhole = path.Tokens <= resumed || !makeRoom(pages) || TryFill(seat, scope, prompt, path, resumed);
        }
    }

    private bool TryFill(Seat seat, UInt128 scope, IReadOnlyList<int> prompt, KeptPath path, int resumed)
    {
        int? slot = seat.BeginRestore(scope, prompt, resumed);
        SequenceState state = seat.State;
        KeptPiece[] pages = [.. path.Pages.Where(p => p.End > resumed)];
        List<PieceRead> wanted = [.. pages.Select(p => new PieceRead(p, state.Pages.RowBytes(p.Count),
            (offset, block) => state.Pages.Restore(p.First, p.Count, offset, block)))];
        if (path.Snapshot is { } snapshot)
        {
            wanted.Add(new PieceRead(snapshot, state.RecurrentBytes,
                (offset, block) => state.RestoreRecurrent(slot, offset, block)));
        }

        if (pages.Length > 0)
        {
            state.Pages.Hold(pages[0].First, path.Tokens); // several threads fill them
        }

        int whole = folder.Read(scope, wanted);
        if (whole == wanted.Count)
        {
            seat.EndRestore(scope, [.. prompt.Take(path.Tokens)], slot);
            return true;
        }

        if (state.IsRecurrent)
        {
            seat.FailRestore(slot);
            state.Cut(resumed);
        }
        else
        {
            seat.EndRestore(scope, [.. prompt.Take(Math.Max(resumed, pages[whole].First))], null);
        }

        return false;
    }
}
