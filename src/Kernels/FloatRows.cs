namespace LayerStream.Kernels;

/// <summary>Rows of F32 at equal distances.</summary>
/// <param name="Address">Row 0.</param>
/// <param name="Stride">Floats from one row to the next.</param>
public readonly record struct FloatRows(nint Address, long Stride)
{
    /// <summary>Address of a row.</summary>
    public nint this[long row] => Address + (nint)(row * Stride * sizeof(float));

    /// <summary>Address of an element.</summary>
    public nint At(long row, long column) => Address + (nint)(((row * Stride) + column) * sizeof(float));

    /// <summary>The rows from one on.</summary>
    public FloatRows FromRow(long row) => new(this[row], Stride);

    /// <summary>The same rows from a column on.</summary>
    public FloatRows FromColumn(long column) => new(At(0, column), Stride);
}
