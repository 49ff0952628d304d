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
    /// y[t·yStride + r] = Σ_i w[r,i]·x[t,i] for r in [rowBegin, rowEnd) and t in [0, tokens). An output is bit-equal for any number of
    /// tokens and any split of the rows.
    /// </summary>
    /// <param name="type">Type of the weights.</param>
    /// <param name="weights">Address of row 0, any alignment.</param>
    /// <param name="columns">Elements of a row, a multiple of the type's block.</param>
    /// <param name="rowBegin">First row.</param>
    /// <param name="rowEnd">One past the last row.</param>
    /// <param name="layout">Layout of the activations: <see cref="LayoutFor"/> of any mode.</param>
    /// <param name="activations">Address of the first prepared row.</param>
    /// <param name="activationStride">Bytes between prepared rows.</param>
    /// <param name="tokens">Number of activation rows.</param>
    /// <param name="y">Address of the outputs (floats).</param>
    /// <param name="yStride">Floats between the outputs of two tokens.</param>
    /// <exception cref="NotSupportedException">The type is not supported.</exception>
    /// <exception cref="ArgumentException">Layout or columns do not fit the type.</exception>
    public static void Multiply(
        TensorType type, nint weights, int columns, int rowBegin, int rowEnd, ActivationLayout layout, nint activations,
            long activationStride, int tokens, nint y, long yStride)
    {
        QuantType row = Row(type);
        MatMulLoop loop = row.Loop(layout, Isa.Level)
            ?? throw new ArgumentException($"{type} weights do not take {layout} activations.", nameof(layout));
        if (columns % row.BlockElements != 0)
        {
            throw new ArgumentException($"{columns} columns are not whole {type} blocks.", nameof(columns));
        }

        loop.Multiply((byte*)weights, columns, rowBegin, rowEnd, (byte*)activations, activationStride, tokens, (float*)y, yStride);
    }

    private static QuantType Row(TensorType type) =>
        QuantTypes.Find(type) ?? throw new NotSupportedException($"Tensor type {type} has no kernels.");
}
