using System.Globalization;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Actors.Tracing;

/// <summary>Numbers of tiles to names and layers, for errors and traces: dense tiles in pass order, then every expert of every
/// bank.</summary>
internal sealed class TileNames
{
    private readonly ModelSpec _spec;
    private readonly TileMap _tiles;
    private readonly int[] _firstOfBank;

    internal TileNames(ModelSpec spec, TileMap tiles)
    {
        (_spec, _tiles) = (spec, tiles);
        _firstOfBank = new int[spec.ExpertBanks.Count + 1];
        _firstOfBank[0] = tiles.Tiles.Count;
        foreach (ExpertBank bank in spec.ExpertBanks)
        {
            _firstOfBank[bank.Id + 1] = _firstOfBank[bank.Id] + bank.Experts;
        }
    }

    /// <summary>Number of the first expert.</summary>
    internal int FirstExpert => _firstOfBank[0];

    internal int Count => _firstOfBank[^1];

    internal string this[int tile] => tile < FirstExpert
        ? _spec.Matrices[_tiles.Tiles[tile].Matrix].Tensor.Name
        : string.Create(CultureInfo.InvariantCulture, $"blk.{Bank(tile).Layer} expert {tile - _firstOfBank[Bank(tile).Id]}");

    /// <summary>Number of an expert as a tile.</summary>
    internal int Expert(int bank, int expert) => _firstOfBank[bank] + expert;

    internal int Layer(int tile) => tile < FirstExpert ? _spec.Matrices[_tiles.Tiles[tile].Matrix].Layer : Bank(tile).Layer;

    private ExpertBank Bank(int tile)
    {
        int at = Array.BinarySearch(_firstOfBank, tile);
        return _spec.ExpertBanks[at >= 0 ? at : ~at - 1];
    }
}
