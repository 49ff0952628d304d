using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Products of a stack of matrices, one per head, with activations of their own, as MLA has them: q̃_h = K_h·q_h and o_h = V_h·u_h. The
/// stack is one matrix of heads · rows stored rows (attn_k_b, attn_v_b), so any range of its rows can be given to a thread.
/// </summary>
public static unsafe class HeadMatMul
{
    /// <summary>Bytes of the prepared activations of all heads and tokens.</summary>
    public static long PreparedBytes(ActivationLayout layout, int columns, int heads, int tokens) =>
        MatMul.RowBytes(layout, columns) * heads * tokens;

    /// <summary>Prepares the activations of the heads [headBegin, headEnd), ordered by head, then token.</summary>
    /// <param name="layout">Layout to write.</param>
    /// <param name="source">Floats; token t, head h at source + t · tokenStride + h · headStride floats.</param>
    /// <param name="tokenStride">Floats.</param>
    /// <param name="headStride">Floats.</param>
    /// <param name="columns">Floats per head; fits the layout.</param>
    /// <param name="headBegin">First head.</param>
    /// <param name="headEnd">One past the last head.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="prepared">Address for head 0, <see cref="PreparedBytes"/> bytes for all heads.</param>
    /// <exception cref="ArgumentException">The number of columns does not fit the layout.</exception>
    public static void Prepare(
        ActivationLayout layout, nint source, long tokenStride, long headStride, int columns, int headBegin, int headEnd, int tokens,
        nint prepared)
    {
        long rowBytes = MatMul.RowBytes(layout, columns);
        for (int h = headBegin; h < headEnd; h++)
        {
            for (int t = 0; t < tokens; t++)
            {
                float* row = (float*)source + (t * tokenStride) + (h * headStride);
                MatMul.Prepare(layout, (nint)row, columns, prepared + (nint)((((long)h * tokens) + t) * rowBytes));
            }
        }
    }

    /// <summary>
    /// y[t, h, a] = Σ_i w[h·rows + a, i] · x[t, h, i] for the stored rows h·rows + a in [rowBegin, rowEnd). Same bits for any number of
    /// tokens
    /// and any split of the rows.
    /// </summary>
    /// <param name="type">Type of the weights.</param>
    /// <param name="weights">Address of stored row 0.</param>
    /// <param name="columns">Elements of a stored row.</param>
    /// <param name="rows">Stored rows of one head.</param>
    /// <param name="rowBegin">First stored row, counted over all heads.</param>
    /// <param name="rowEnd">One past the last.</param>
    /// <param name="layout">Layout of the activations.</param>
    /// <param name="prepared">What <see cref="Prepare"/> wrote, for head 0.</param>
    /// <param name="tokens">Tokens, as prepared.</param>
    /// <param name="y">Floats; token t, head h at y + t · tokenStride + h · headStride floats.</param>
    /// <param name="tokenStride">Floats.</param>
    /// <param name="headStride">Floats, at least <paramref name="rows"/>: room for the rotated part behind q̃.</param>
    /// <exception cref="NotSupportedException">The type is not supported.</exception>
    /// <exception cref="ArgumentException">Layout or columns do not fit the type.</exception>
    public static void Multiply(
        TensorType type, nint weights, int columns, int rows, int rowBegin, int rowEnd, ActivationLayout layout, nint prepared, int tokens,
        nint y, long tokenStride, long headStride)
    {
        long rowBytes = MatMul.RowBytes(layout, columns);
        for (int row = rowBegin; row < rowEnd;)
        {
            int head = row / rows;
            int end = Math.Min(rowEnd, (head + 1) * rows);
            nint activations = prepared + (nint)((long)head * tokens * rowBytes);
            nint outputs = y + (nint)(head * (headStride - rows) * sizeof(float)); // MatMul adds the stored row's index
            MatMul.Multiply(type, weights, columns, row, end, layout, activations, rowBytes, tokens, outputs, tokenStride);
            row = end;
        }
    }
}
