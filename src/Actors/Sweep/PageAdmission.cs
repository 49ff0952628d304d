using LayerStream.Actors.Run;
using LayerStream.Models.Decoding;

namespace LayerStream.Actors.Sweep;

/// <summary>
/// Which sequences may join by the pages that there are: one joins when there are pages for its tokens and a first one to grow into, beside
/// what those that run hold and grow into next. What sequences that have ended keep makes room.
/// </summary>
/// <param name="pool">All pages: at least those of one whole context, so that a sequence alone always goes on.</param>
/// <param name="isAmple">Whether every seat has a whole context, so that nobody ever waits for pages.</param>
internal sealed class PageAdmission(KvPages pool, bool isAmple)
{
    private readonly HashSet<int> _held = []; // to count with, under the queue's lock

    /// <summary>All pages.</summary>
    internal KvPages Pool => pool;

    /// <summary>Whether a sequence may take a seat beside others.</summary>
    internal bool Admits(SequenceRun run, List<SequenceRun> seated)
    {
        if (isAmple || seated.Count == 0)
        {
            return true;
        }

        int growth = 0, lent = 0;
        foreach (SequenceRun other in seated)
        {
            growth += other.Growth;
            lent = Math.Max(lent, Math.Max(other.Lends(run), other.Leads(run)) / PageLayout.Tokens);
        }

        return run.PagesAhead - lent <= pool.Count - Held(seated) - growth;
    }

    /// <summary>Who holds the pages.</summary>
    internal PageCounts Count(List<SequenceRun> seated, IEnumerable<SequenceRun> waiting)
    {
        int held = Held(seated), free = pool.Free;
        return new PageCounts(pool.Count, held, Math.Max(0, pool.Count - free - held), free, pool.Shared,
            waiting.Sum(run => run.LastPages));
    }

    /// <summary>Whether so many pages could be free if nothing were kept.</summary>
    internal bool CanFree(int pages, List<SequenceRun> seated) => pages <= pool.Count - Held(seated);

    /// <summary>Pages that sequences hold, those that several hold together once.</summary>
    private int Held(List<SequenceRun> seated)
    {
        _held.Clear();
        foreach (SequenceRun run in seated)
        {
            run.Seat.State.Pages.AddTo(_held);
        }

        return _held.Count;
    }
}
