namespace LayerStream.Kernels.Ops;

/// <summary>
/// Sizes of one gated delta net layer. A projected row has the channels [q: KeyHeads·KeyDim | k: KeyHeads·KeyDim | v: ValueHeads·ValueDim].
/// The layer's state, all zero at the start of a sequence, is F32 and independent of the length: the convolution's last Taps − 1
/// raw rows, oldest first, and one matrix M of KeyDim × ValueDim per value head.
/// </summary>
/// <remarks>
/// M is stored in panels of 32 columns (the last may be narrower), one after the other; a panel is KeyDim rows of its columns. Heads
/// follow each other. A panel is the smallest piece of work, called a unit: unit u is panel u mod Panels of head u / Panels.
/// </remarks>
/// <param name="KeyHeads">Heads of q and k.</param>
/// <param name="ValueHeads">Heads of v, a multiple of KeyHeads.</param>
/// <param name="KeyDim">Elements of a q or k head.</param>
/// <param name="ValueDim">Elements of a v head and of an output head.</param>
/// <param name="Taps">Taps of the convolution, at most <see cref="CausalConv.MaxTaps"/>.</param>
/// <param name="HeadMap">Which key head a value head reads.</param>
public readonly record struct DeltaNetShape(int KeyHeads, int ValueHeads, int KeyDim, int ValueDim, int Taps, DeltaHeadMap HeadMap)
{
    /// <summary>Where the k heads of a projected row start, floats.</summary>
    public int KeyOffset => KeyHeads * KeyDim;

    /// <summary>Where the v heads of a projected row start, floats.</summary>
    public int ValueOffset => 2 * KeyHeads * KeyDim;

    /// <summary>Elements of all value heads: of z and of an output row.</summary>
    public int ValueWidth => ValueHeads * ValueDim;

    /// <summary>Channels of the convolution = floats of a projected row.</summary>
    public int Channels => ValueOffset + ValueWidth;

    /// <summary>Floats of the convolution's state.</summary>
    public long ConvStateFloats => (long)(Taps - 1) * Channels;

    /// <summary>Floats of all matrices M.</summary>
    public long MatrixFloats => (long)ValueHeads * KeyDim * ValueDim;

    /// <summary>Panels of one head.</summary>
    public int Panels => (ValueDim + DeltaPanel.Columns - 1) / DeltaPanel.Columns;

    /// <summary>Pieces into which <see cref="DeltaNet.Advance(in DeltaNetShape, int, int, in DeltaNetRows, nint)"/> can be split.</summary>
    public int Units => ValueHeads * Panels;

    /// <summary>Key head of a value head.</summary>
    public int KeyHeadOf(int valueHead) =>
        HeadMap == DeltaHeadMap.Tiled ? valueHead % KeyHeads : valueHead / (ValueHeads / KeyHeads);

    /// <summary>Where M[key, value] of a head lies in the matrices, floats.</summary>
    public long MatrixOffset(int valueHead, int key, int value)
    {
        int first = value / DeltaPanel.Columns * DeltaPanel.Columns;
        int width = Math.Min(DeltaPanel.Columns, ValueDim - first);
        return (((long)valueHead * ValueDim) + first) * KeyDim + ((long)key * width) + (value - first);
    }
}
