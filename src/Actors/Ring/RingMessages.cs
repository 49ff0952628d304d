using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>Eviction → Prefetch: a slot that holds nothing.</summary>
internal readonly record struct FreeSlot(int Slot);

/// <summary>Prefetch → Compute: a tile in a slot, or why it is not there.</summary>
internal readonly record struct LoadedTile(int Slot, int Tile, int Pass, nint Payload, FlashReadException? Error);

/// <summary>Compute → Eviction: a slot whose tile has served all rows.</summary>
internal readonly record struct SpentTile(int Slot, int Tile, int Pass);

/// <summary>Compute → Prefetch: a pass that is to come, so that reads run on across its border.</summary>
internal readonly record struct PassOrder(int Pass, bool WithHead);
