namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Encodes finite values as blocks.</summary>
/// <param name="values">As many as the blocks hold.</param>
/// <param name="destination">Room for the blocks; every byte is written.</param>
/// <param name="blocks">Number of blocks.</param>
/// <returns>−1, or the first block with a value too large for the type.</returns>
internal unsafe delegate long BlockEncoder(float* values, byte* destination, long blocks);
