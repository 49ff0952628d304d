namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Decodes columns of a row to floats for products: the values of <see cref="IBlockDecoder.Decode"/>, zeros perhaps of the other
/// sign.</summary>
internal unsafe interface IColumnDecoder
{
    /// <summary>Bytes of so many columns, which are whole blocks.</summary>
    static abstract long Bytes(int columns);

    /// <summary>Decodes columns.</summary>
    /// <param name="source">Whole blocks, any alignment.</param>
    /// <param name="columns">1 to 256, from a multiple of 256 on.</param>
    /// <param name="destination">256 floats, of which as many as there are columns are defined afterwards.</param>
    static abstract void Decode(byte* source, int columns, float* destination);
}
