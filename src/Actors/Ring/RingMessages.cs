using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>Eviction → Prefetch: a slot that holds nothing.</summary>
internal readonly record struct FreeSlot(int Slot);

/// <summary>Prefetch → Compute: a tile in a slot, or why it is not there.</summary>
internal readonly record struct LoadedTile(int Slot, int Tile, int Pass, nint Payload, FlashReadException? Error);

/// <summary>Compute → Eviction: a slot whose tile, or transient slot whose expert, has served all rows.</summary>
/// <param name="Slot">Of the ring for a dense tile; a transient slot for an expert; −1 only wakes the loop.</param>
/// <param name="Tile">Number of the tile; experts are numbered behind the dense tiles.</param>
/// <param name="Pass">The pass it served.</param>
internal readonly record struct SpentTile(int Slot, int Tile, int Pass);

/// <summary>Compute → Prefetch: a pass that is to come, so that reads run on across its border.</summary>
/// <param name="Pass">Its number.</param>
/// <param name="WithHead">Whether the head's tiles are needed.</param>
/// <param name="Tiles">The tiles that it does not find in memory, in order; the head's are the last.</param>
internal readonly record struct PassOrder(int Pass, bool WithHead, IReadOnlyList<int> Tiles);

/// <summary>Compute → Prefetch: an expert that a layer was routed to and that is not in memory.</summary>
/// <param name="Request">Its place among the layer's requests; −1 only wakes the loop.</param>
/// <param name="Slot">The resident slot that is its own from now on, or −1: any transient slot.</param>
internal readonly record struct ExpertDemand(int Request, int Slot);

/// <summary>Prefetch → Compute: a demanded expert has arrived, or failed.</summary>
internal readonly record struct LoadedExpert(int Request);
