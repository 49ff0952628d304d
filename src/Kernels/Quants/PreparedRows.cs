using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants;

/// <summary>Activation rows prepared for products (<see cref="MatMul.Prepare"/>).</summary>
/// <param name="Layout">Layout of all.</param>
/// <param name="Address">Row 0.</param>
/// <param name="StrideBytes">From one row to the next.</param>
/// <param name="Count">Rows.</param>
public readonly record struct PreparedRows(ActivationLayout Layout, nint Address, long StrideBytes, int Count)
{
    /// <summary>Rows that lie in a room of floats, one in each of its rows.</summary>
    public PreparedRows(ActivationLayout layout, FloatRows room, int count)
        : this(layout, room.Address, room.Stride * sizeof(float), count)
    {
    }

    /// <summary>Address of a row.</summary>
    public nint this[long row] => Address + (nint)(row * StrideBytes);
}
