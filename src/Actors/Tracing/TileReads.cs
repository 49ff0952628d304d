using LayerStream.Formats;
using LayerStream.Models.Tiles;
using LayerStream.Planning;

namespace LayerStream.Actors.Tracing;

/// <summary>Where the bytes of every tile lie, so that a trace can be replayed against the device: a dense tile is one range, an expert one
/// per slab.</summary>
/// <param name="First">Index of a tile's first range in <paramref name="Extents"/>; one entry more than there are tiles.</param>
/// <param name="Extents">Ranges of the files, tile after tile.</param>
public sealed record TileReads(int[] First, Extent[] Extents)
{
    /// <summary>Of a trace that does not say.</summary>
    public static TileReads None { get; } = new([0], []);

    /// <summary>The ranges of one tile; none where the trace does not say.</summary>
    public ReadOnlySpan<Extent> Of(int tile) => tile >= 0 && tile + 1 < First.Length ? Extents.AsSpan(First[tile]..First[tile + 1]) : [];

    /// <summary>Dense tiles in the order of the pass, then every expert of every bank: the numbers of <see cref="TileNames"/>.</summary>
    internal static TileReads Create(TileMap tiles, ExpertPlan experts)
    {
        List<int> first = [0];
        List<Extent> extents = [];
        foreach (Tile tile in tiles.Tiles)
        {
            extents.Add(tile.Extent);
            first.Add(extents.Count);
        }

        foreach (ExpertLayout layout in experts.Layouts)
        {
            for (int expert = 0; expert < layout.Bank.Experts; expert++)
            {
                for (int matrix = 0; matrix < layout.Matrices; matrix++)
                {
                    extents.Add(layout.Slab(matrix, expert));
                }

                first.Add(extents.Count);
            }
        }

        return new TileReads([.. first], [.. extents]);
    }
}
