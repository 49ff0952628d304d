using LayerStream.Models.Tiles;

namespace LayerStream.Planning;

/// <summary>
/// Chooses the tiles that stay in memory. The dense part of a token is a cyclic scan, on which every recency policy hits
/// nothing, so a fixed share is pinned and spread evenly over the pass: the disk then never idles and never queues.
/// </summary>
public static class ResidencyPlanner
{
    /// <summary>Marks tiles whose windows together fit into <paramref name="pinBytes"/>.</summary>
    public static bool[] Choose(IReadOnlyList<Tile> tiles, long pinBytes)
    {
        bool[] pinned = new bool[tiles.Count];
        long total = tiles.Sum(t => t.Extent.Window.Length);
        if (total <= pinBytes)
        {
            Array.Fill(pinned, true);
            return pinned;
        }

        double share = Math.Max(0, pinBytes) / (double)total;
        double credit = 0;
        long used = 0;
        for (int i = 0; i < tiles.Count; i++)
        {
            long window = tiles[i].Extent.Window.Length;
            credit += share * window;
            // Half a tile ahead of the credit keeps the spread even; the sum is what must not be exceeded.
            if (credit * 2 >= window && used + window <= pinBytes)
            {
                pinned[i] = true;
                used += window;
                credit -= window;
            }
        }

        return pinned;
    }
}
