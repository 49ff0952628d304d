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
    /// <summary>All pages.</summary>
    internal KvPages Pool => pool;

    /// <summary>Whether a sequence may take a seat beside others.</summary>
    internal bool Admits(SequenceRun run, List<SequenceRun> seated)
    {
        if (isAmple || seated.Count == 0)
        {
            return true;
        }

        HashSet<int> held = [];
        int growth = 0, lent = 0;
        foreach (SequenceRun other in seated)
        {
            PageTable pages = other.Seat.State.Pages;
            pages.AddTo(held);
            growth += Math.Max(0, other.PagesAhead - pages.Held);
            lent = Math.Max(lent, other.Lends(run) / PageLayout.Tokens);
        }

        return run.PagesAhead - lent <= pool.Count - held.Count - growth;
    }

    /// <summary>Who holds the pages.</summary>
    internal PageCounts Count(List<SequenceRun> seated, IEnumerable<SequenceRun> waiting)
    {
        HashSet<int> held = [];
        seated.ForEach(run => run.Seat.State.Pages.AddTo(held));
        int free = pool.Free;
        return new PageCounts(pool.Count, held.Count, Math.Max(0, pool.Count - free - held.Count), free, pool.Shared,
            waiting.Sum(run => run.LastPages));
    }

    /// <summary>Whether so many pages could be free if nothing were kept.</summary>
    internal bool CanFree(int pages, List<SequenceRun> seated)
    {
        HashSet<int> held = [];
        seated.ForEach(run => run.Seat.State.Pages.AddTo(held));
        return pages <= pool.Count - held.Count;
    }
}
