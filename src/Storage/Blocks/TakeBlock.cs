namespace LayerStream.Storage.Blocks;

/// <summary>Takes a piece of a payload, which is valid during the call only.</summary>
/// <param name="offset">Where the piece begins in the payload.</param>
/// <param name="block">The piece.</param>
public delegate void TakeBlock(long offset, ReadOnlySpan<byte> block);
