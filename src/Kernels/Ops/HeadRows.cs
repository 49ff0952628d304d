namespace LayerStream.Kernels.Ops;

/// <summary>Heads of rows of F32.</summary>
/// <param name="Address">Head 0 of row 0.</param>
/// <param name="RowStride">Floats from one row to the next.</param>
/// <param name="HeadStride">Floats from one head of a row to the next.</param>
public readonly record struct HeadRows(nint Address, long RowStride, long HeadStride)
{
    /// <summary>Heads of rows.</summary>
    public HeadRows(FloatRows rows, long headStride)
        : this(rows.Address, rows.Stride, headStride)
    {
    }

    /// <summary>Address of a head of a row.</summary>
    public nint At(long row, long head) => Address + (nint)(((row * RowStride) + (head * HeadStride)) * sizeof(float));
}
