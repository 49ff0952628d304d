using LayerStream.Memory;
using LayerStream.Models.Tiles;

namespace LayerStream.Actors.Ring;

/// <summary>Tiles that stay in memory: compute takes them from this table and the ring never sees them.</summary>
internal sealed class PinnedTiles : IDisposable
{
    private readonly AlignedBuffer? _arena;
    private readonly nint[] _payload;

    internal PinnedTiles(AlignedBuffer? arena, nint[] payload) => (_arena, _payload) = (arena, payload);

    /// <summary>Address of a tile's first row, or 0 when it streams.</summary>
    internal nint Payload(int tile) => _payload[tile];

    /// <summary>Bytes of a pinned tile's rows.</summary>
    internal ReadOnlySpan<byte> Bytes(in Tile tile, long offset, int length) =>
        _arena!.Bytes(_payload[tile.Index] - _arena.Address + offset, length);

    public void Dispose() => _arena?.Dispose();
}
