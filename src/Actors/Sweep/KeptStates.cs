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

    /// <summary>
    /// Puts into a seat's state what the folder has of a prompt, where that spares more than what the seat has. Pieces that are not as they
    /// were written are passed over.
    /// </summary>
    /// <param name="seat">The seat.</param>
    /// <param name="scope">Who asks.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="makeRoom">Sees to free pages; false when there are too few.</param>
    internal void Fill(Seat seat, string scope, IReadOnlyList<int> prompt, Func<int, bool> makeRoom)
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

    private bool TryFill(Seat seat, string scope, IReadOnlyList<int> prompt, KeptPath path, int resumed)
    {
        int? slot = seat.BeginRestore(scope, prompt, resumed);
        foreach (KeptPiece page in path.Pages.Where(p => p.End > resumed))
        {
            bool isRead = folder.Read(page, scope, seat.State.Pages.RowBytes(page.Count),
                (offset, block) => seat.State.Pages.Restore(page.First, page.Count, offset, block));
            if (!isRead)
            {
                if (!seat.State.IsRecurrent && page.First > resumed)
                {
                    seat.EndRestore(scope, [.. prompt.Take(page.First)], null);
                }

                return false;
            }
        }

        if (path.Snapshot is { } snapshot && !folder.Read(snapshot, scope, seat.State.RecurrentBytes,
            (offset, block) => seat.State.RestoreRecurrent(slot, offset, block)))
        {
            seat.FailRestore(slot);
            return false;
        }

        seat.EndRestore(scope, [.. prompt.Take(path.Tokens)], slot);
        return true;
    }
}
