namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The products of one tensor type in two forms with the same bits: a row with one token (the weights as they lie in the
/// file), and a panel of sixteen rows, unpacked once, with many tokens. Both form the exact integer sum of a block of u columns, then
/// S[u mod 8] = fma(sum, d·a, S[u mod 8]) in block order, and add the eight S by <see cref="Bits.LaneSums.Total"/>.
/// </summary>
internal unsafe interface IPanelKernel
{
    /// <summary>Bytes of a packed panel of sixteen rows.</summary>
    static abstract int PanelBytes { get; }

    /// <summary>Rows of activations, digits counted, up to which <see cref="Several"/> takes less time than a panel.</summary>
    static abstract int MostSeveral { get; }

    /// <summary>Bytes of a row of weights.</summary>
    static abstract long RowBytes(int columns);

    /// <summary>The outputs of some rows and one or two tokens.</summary>
    /// <param name="weights">The first row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns of a row.</param>
    /// <param name="activations">The first token's prepared row.</param>
    /// <param name="stride">Bytes between prepared rows.</param>
    /// <param name="y">One float per row.</param>
    /// <param name="yStride">Floats between the outputs of two tokens.</param>
    static abstract void Rows<TRows>(byte* weights, int rows, int columns, byte* activations, long stride, float* y, long yStride)
        where TRows : IActivationRows;

    /// <summary>Bytes of a row of activations that <see cref="Arrange"/> writes.</summary>
    static abstract int ArrangedBytes(int columns);

    /// <summary>Orders a prepared row as <see cref="Several"/> takes it.</summary>
    /// <param name="activations">A prepared row, or one of digits.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="to">As many as <see cref="ArrangedBytes"/>, aligned to 64 bytes.</param>
    static abstract void Arrange(byte* activations, int columns, byte* to);

    /// <summary>The outputs of some rows and several rows of activations; weights are unpacked once for all.</summary>
    /// <param name="weights">The first row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns of a row.</param>
    /// <param name="activations">Arranged rows, one behind the other.</param>
    /// <param name="to">Where the outputs of how many rows of activations go.</param>
    static abstract void Several(byte* weights, int rows, int columns, byte* activations, in SeveralOutputs to);

    /// <summary>Unpacks columns [column, column + count) of sixteen rows, the last ones repeated if there are fewer.</summary>
    /// <param name="weights">The first row.</param>
    /// <param name="rows">Rows there are, 1 to 16.</param>
    /// <param name="columns">Columns of a whole row.</param>
    /// <param name="column">First column, a multiple of the panel's columns.</param>
    /// <param name="count">Columns in this panel.</param>
    /// <param name="panel">Aligned to 64 bytes.</param>
    static abstract void Pack(byte* weights, int rows, int columns, int column, int count, byte* panel);

    /// <summary>Adds a packed panel's products with some tokens to their sums, [token][lane][row].</summary>
    /// <param name="panel">What <see cref="Pack"/> wrote.</param>
    /// <param name="columns">Columns of a whole row.</param>
    /// <param name="column">First column of the panel.</param>
    /// <param name="count">Columns in the panel.</param>
    /// <param name="activations">The first token's prepared row.</param>
    /// <param name="stride">Bytes between prepared rows.</param>
    /// <param name="sums">Eight lanes of sixteen rows per token.</param>
    static abstract void Add<TTokens>(byte* panel, int columns, int column, int count, byte* activations, long stride, float* sums)
        where TTokens : IPanelTokens;
}
