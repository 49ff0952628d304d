using LayerStream.Models.Decoding;

namespace LayerStream.Actors.Run;

/// <summary>Pages of sequences that have ended make room for those that run.</summary>
internal static class KeptSeats
{
    /// <summary>Gives kept pages up until some are free: of the seat first that was used longest ago, from the end of what it
    /// keeps.</summary>
    /// <param name="unused">Seats that nobody sits in.</param>
    /// <param name="pool">All pages.</param>
    /// <param name="wanted">Pages that are to be free; fewer as soon as nobody shares them any more.</param>
    /// <returns>Whether they are.</returns>
    internal static bool Trim(IEnumerable<Seat> unused, KvPages pool, Func<int> wanted)
    {
        foreach (Seat seat in unused.OrderBy(s => s.LastUse))
        {
            while (pool.Free < wanted() && seat.State.Pages.Held > 0)
            {
                seat.Trim();
            }
        }

        return pool.Free >= wanted();
    }
}
