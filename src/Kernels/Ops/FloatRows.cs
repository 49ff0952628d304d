namespace LayerStream.Kernels.Ops;

/// <summary>Rows of F32 at equal distances.</summary>
/// <param name="Address">Row 0.</param>
/// <param name="Stride">Floats from one row to the next.</param>
public readonly record struct FloatRows(nint Address, long Stride)
{
    /// <summary>Address of a row.</summary>
    public nint this[long row] => Address + (nint)(row * Stride * sizeof(float));
}
