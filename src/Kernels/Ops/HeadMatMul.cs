using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Products of a stack of matrices, one per head, with activations of their own, as MLA has them: q̃_h = K_h·q_h and o_h = V_h·u_h. The
/// stack is one matrix of heads · rows stored rows (attn_k_b, attn_v_b), so any range of its rows can be given to a thread. Prepared rows
/// are ordered by head, then token: those of head h begin at row h · tokens.
/// </summary>
public static class HeadMatMul
{
    /// <summary>Prepared rows of all heads at an address, one directly behind the other; their count is that of one head's.</summary>
    /// <param name="layout">Layout of the rows.</param>
    /// <param name="columns">Floats per head; fits the layout.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="address">Row 0 of head 0.</param>
    public static PreparedRows Room(ActivationLayout layout, int columns, int tokens, nint address) =>
        new(layout, address, MatMul.RowBytes(layout, columns), tokens);

    /// <summary>Prepares the activations of some heads.</summary>
    /// <param name="source">The heads of all tokens.</param>
    /// <param name="columns">Floats per head; fits the layout.</param>
    /// <param name="heads">The heads.</param>
    /// <param name="prepared">Where they go: <see cref="Room"/>.</param>
    /// <exception cref="ArgumentException">The number of columns does not fit the layout.</exception>
    public static void Prepare(HeadRows source, int columns, IndexRange heads, in PreparedRows prepared)
    {
        for (int h = heads.Begin; h < heads.End; h++)
        {
            for (int t = 0; t < prepared.Count; t++)
            {
                MatMul.Prepare(prepared.Layout, source.At(t, h), columns, prepared[((long)h * prepared.Count) + t]);
            }
        }
    }

    /// <summary>
    /// y[t, h, a] = Σ_i w[h·rows + a, i] · x[t, h, i] for a range of stored rows h·rows + a. Same bits for any number of tokens and any
    /// split of the rows.
    /// </summary>
    /// <param name="weights">The stack.</param>
    /// <param name="headRows">Stored rows of one head.</param>
    /// <param name="rows">Stored rows, counted over all heads.</param>
    /// <param name="prepared">What <see cref="Prepare"/> wrote.</param>
    /// <param name="y">Results; heads are at least <paramref name="headRows"/> floats apart: room for the rotated part behind q̃.</param>
    /// <exception cref="NotSupportedException">The type is not supported.</exception>
    /// <exception cref="ArgumentException">Layout or columns do not fit the type.</exception>
    public static void Multiply(in WeightRows weights, int headRows, IndexRange rows, in PreparedRows prepared, HeadRows y)
    {
        for (int row = rows.Begin; row < rows.End;)
        {
            int head = row / headRows;
            int end = Math.Min(rows.End, (head + 1) * headRows);
            PreparedRows activations = prepared with { Address = prepared[(long)head * prepared.Count] };
            FloatRows outputs = new(y.At(0, head), y.RowStride);
            MatMul.Multiply(weights, new IndexRange(row, end), activations, outputs.FromColumn(-(long)head * headRows));
            row = end;
        }
    }
}
