namespace LayerStream.Storage.Blocks;

/// <summary>Fills a piece of a payload.</summary>
/// <param name="offset">Where the piece begins in the payload.</param>
/// <param name="block">The piece.</param>
/// <returns>False when there is nothing to be written any more.</returns>
public delegate bool FillBlock(long offset, Span<byte> block);
