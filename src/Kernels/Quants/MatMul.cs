using LayerStream.Formats;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Loops;
using LayerStream.Kernels.Quants.Types;

namespace LayerStream.Kernels.Quants;

/// <summary>
/// Matrix products of quantised weights with prepared activation rows. All addresses are caller-owned memory; single-threaded (split the
/// rows to use more threads).
/// </summary>
public static unsafe class MatMul
{
    /// <summary>Rows that are multiplied together where there are many tokens: ranges of whole multiples waste nothing.</summary>
    public const int PanelRows = PanelLayout.Rows;

    /// <summary>Whether weights of this type can be multiplied.</summary>
    public static bool Supports(TensorType type) => QuantTypes.Find(type) is not null;

    /// <summary>The activation layout that <see cref="Multiply"/> expects for weights of this type.</summary>
    /// <exception cref="NotSupportedException">The type is not supported.</exception>
    public static ActivationLayout LayoutFor(TensorType type, ActivationMode mode) =>
        mode switch
        {
            ActivationMode.F32 => ActivationLayout.F32,
            ActivationMode.Int16 => ActivationDigits.OfDigits(Row(type).IntegerLayout),
            _ => Row(type).IntegerLayout,
        };

    /// <summary>Bytes of one prepared activation row, a multiple of 64.</summary>
    public static long RowBytes(ActivationLayout layout, int columns) => ActivationRow.RowBytes(layout, columns);

    /// <summary>Prepares one activation row: <paramref name="columns"/> floats to <see cref="RowBytes"/> bytes.</summary>
    /// <param name="layout">Layout to write.</param>
    /// <param name="source">Address of the floats.</param>
    /// <param name="columns">Number of floats; a multiple of the layout's block (1, 32, 256).</param>
    /// <param name="destination">Address of the prepared row.</param>
    /// <exception cref="ArgumentException">The number of columns does not fit the layout.</exception>
    public static void Prepare(ActivationLayout layout, nint source, int columns, nint destination)
    {
        int block = layout switch
        {
            ActivationLayout.Q8Block32 or ActivationLayout.Q16Block32 => 32,
            ActivationLayout.Q8Block256 or ActivationLayout.Q16Block256 => 256,
            _ => 1,
        };
        if (columns <= 0 || columns % block != 0)
        {
            throw new ArgumentException($"{columns} columns do not fit {layout}.", nameof(columns));
        }

        ActivationRow.Prepare(layout, (float*)source, columns, (byte*)destination);
    }

    /// <summary>
    /// y[t, r] = Σ_i w[r, i]·x[t, i] for the rows r of a range and all activation rows t. An output is bit-equal for any number of
    /// activation rows and any split of the rows.
    /// </summary>
    /// <param name="weights">The weights.</param>
    /// <param name="rows">Rows of the weights.</param>
    /// <param name="activations">Prepared rows, of the layout that <see cref="LayoutFor"/> gives for any mode.</param>
    /// <param name="y">A row of results for each activation row; row r of the weights goes to column r.</param>
    /// <exception cref="NotSupportedException">The type is not supported.</exception>
    /// <exception cref="ArgumentException">Layout or columns do not fit the type.</exception>
    public static void Multiply(in WeightRows weights, IndexRange rows, in PreparedRows activations, FloatRows y)
    {
        QuantType row = Row(weights.Type);
        MatMulLoop loop = row.Loop(activations.Layout, activations.Count)
            ?? throw new ArgumentException($"{weights.Type} weights do not take {activations.Layout} activations.", nameof(activations));
        if (weights.Columns % row.BlockElements != 0)
        {
            throw new ArgumentException($"{weights.Columns} columns are not whole {weights.Type} blocks.", nameof(weights));
        }

        loop.Multiply((byte*)weights.Address, weights.Columns, rows.Begin, rows.End, (byte*)activations.Address, activations.StrideBytes,
            activations.Count, (float*)y.Address, y.Stride);
    }

    private static QuantType Row(TensorType type) =>
        QuantTypes.Find(type) ?? throw new NotSupportedException($"Tensor type {type} has no kernels.");
}
