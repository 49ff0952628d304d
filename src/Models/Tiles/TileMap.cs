using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Tiles;

/// <summary>All tiles of a model in the order of a pass, and which of them belong to which matrix.</summary>
public sealed class TileMap
{
    private readonly int[] _firstTile;

    private TileMap(Tile[] tiles, int[] firstTile, int headTile)
    {
        Tiles = tiles;
        _firstTile = firstTile;
        HeadTile = headTile;
    }

    /// <summary>Tiles in pass order.</summary>
    public IReadOnlyList<Tile> Tiles { get; }

    /// <summary>Index of the head's first tile; a pass without logits ends there.</summary>
    public int HeadTile { get; }

    /// <summary>Index of the first tile of a matrix; the tile behind its last is the first of the next.</summary>
    public int FirstTile(int matrix) => _firstTile[matrix];

    /// <summary>Cuts every matrix into row ranges of nearly equal size, each at most <paramref name="tileBytes"/> (or one row) and, where
    /// that is many, of whole panels.</summary>
    public static TileMap Create(ModelSpec spec, long tileBytes)
    {
        List<Tile> tiles = [];
        int[] first = new int[spec.Matrices.Count + 1];
        foreach (WeightMatrix matrix in spec.Matrices)
        {
            first[matrix.Id] = tiles.Count;
            long rowBytes = matrix.Tensor.RowBytes;
            long rowsPerTile = Math.Max(1, tileBytes / rowBytes);
            int step = rowsPerTile < MatMul.PanelRows ? 1 : MatMul.PanelRows;
            rowsPerTile -= rowsPerTile % step;
            int count = checked((int)((matrix.Rows + rowsPerTile - 1) / rowsPerTile));
            long steps = ((long)matrix.Rows + step - 1) / step;
            for (int i = 0; i < count; i++)
            {
                int begin = (int)(steps * i / count * step), end = (int)Math.Min(matrix.Rows, steps * (i + 1) / count * step);
                Extent whole = matrix.Tensor.Extent;
                Extent extent = new(whole.File, whole.Offset + begin * rowBytes, (end - begin) * rowBytes);
                tiles.Add(new Tile(tiles.Count, matrix.Id, begin, end, extent));
            }
        }

        first[^1] = tiles.Count;
        return new TileMap([.. tiles], first, first[spec.Head.Id]);
    }
}
