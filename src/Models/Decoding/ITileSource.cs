using LayerStream.Models.Tiles;

namespace LayerStream.Models.Decoding;

/// <summary>Hands a pass its tiles in order; behind it stands the ring, or plain memory in tests.</summary>
public interface ITileSource
{
    /// <summary>Waits until a tile is in memory and returns the address of its first row.</summary>
    nint Acquire(in Tile tile);

    /// <summary>The pass is done with the tile for all its rows.</summary>
    void Release(in Tile tile);

    /// <summary>Whether a tile stays in memory: it may then be acquired out of turn, and more than once in a pass.</summary>
    bool IsHeld(in Tile tile) => false;
}
