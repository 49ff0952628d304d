using System.Diagnostics;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Gated delta net on the calling thread, F32. The steps of a layer: <see cref="CausalConv.Advance"/> over the projected rows,
/// <see cref="NormaliseKeys"/>, <see cref="Gates"/>, <see cref="Advance(in DeltaNetShape, int, int, in DeltaNetRows, nint)"/>, then
/// <see cref="Norms.GatedRmsNorm"/> of each output head. Results have the same bits however a prompt is cut into calls and
/// however the work of a call is split.
/// </summary>
public static unsafe class DeltaNet
{
    /// <summary>In each row: q ← q / √(Σq² + epsilon) / √KeyDim and k ← k / √(Σk² + epsilon), per head.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="rows">Convolved rows.</param>
    /// <param name="count">Rows.</param>
    /// <param name="epsilon">Added to the sum of squares, inside the root.</param>
    public static void NormaliseKeys(in DeltaNetShape shape, FloatRows rows, int count, float epsilon)
    {
        float queryScale = 1f / MathF.Sqrt(shape.KeyDim);
        for (int t = 0; t < count; t++)
        {
            for (int h = 0; h < shape.KeyHeads; h++)
            {
                nint query = rows.At(t, (long)h * shape.KeyDim), key = rows.At(t, shape.KeyOffset + ((long)h * shape.KeyDim));
                Norms.L2Norm(query, query, shape.KeyDim, epsilon, queryScale);
                Norms.L2Norm(key, key, shape.KeyDim, epsilon);
            }
        }
    }

    /// <summary>beta = sigmoid(b) and decay = e^(rate · softplus(a + stepBias)) for the value heads of one token, in place; evaluated in
    /// F64.</summary>
    /// <param name="beta">b, then beta; one float per value head.</param>
    /// <param name="decay">a, then the decay; one float per value head.</param>
    /// <param name="rates">ssm_a, below 0; one float per value head.</param>
    /// <param name="stepBias">ssm_dt.bias; one float per value head.</param>
    /// <param name="heads">Value heads.</param>
    public static void Gates(nint beta, nint decay, nint rates, nint stepBias, int heads)
    {
        for (int v = 0; v < heads; v++)
        {
            double step = Elementary.Softplus(((float*)decay)[v] + ((float*)stepBias)[v]);
            ((float*)beta)[v] = (float)(1.0 / (1.0 + Elementary.Exp(-(double)((float*)beta)[v])));
            ((float*)decay)[v] = (float)Elementary.Exp(((float*)rates)[v] * step);
        }
    }

    /// <summary>Splits one row of ssm_ba, per key head [b of its value heads | a of its value heads], into b and a by value head.</summary>
    /// <param name="shape">Sizes; the head map is grouped.</param>
    /// <param name="mixed">2·ValueHeads floats.</param>
    /// <param name="b">ValueHeads floats.</param>
    /// <param name="a">ValueHeads floats.</param>
    public static void SplitGates(in DeltaNetShape shape, nint mixed, nint b, nint a)
    {
        int ratio = shape.ValueHeads / shape.KeyHeads;
        for (int v = 0; v < shape.ValueHeads; v++)
        {
            float* group = (float*)mixed + (2 * ratio * (v / ratio));
            ((float*)b)[v] = group[v % ratio];
            ((float*)a)[v] = group[ratio + (v % ratio)];
        }
    }

    /// <summary>Splits one row of the older ssm_in, per key head [q | k | v of its value heads | z of its value heads].</summary>
    /// <param name="shape">Sizes; the head map is grouped.</param>
    /// <param name="mixed">Channels + ValueWidth floats.</param>
    /// <param name="row">Projected row, Channels floats.</param>
    /// <param name="z">Output gate, ValueWidth floats.</param>
    public static void SplitProjection(in DeltaNetShape shape, nint mixed, nint row, nint z)
    {
        int values = shape.ValueWidth / shape.KeyHeads;
        FloatRows groups = new(mixed, (2L * shape.KeyDim) + (2L * values)), queries = new(row, shape.KeyDim), gates = new(z, values);
        FloatRows keys = queries.FromColumn(shape.KeyOffset), rowValues = new FloatRows(row, values).FromColumn(shape.ValueOffset);
        for (int g = 0; g < shape.KeyHeads; g++)
        {
            VectorOps.Copy(groups[g], queries[g], shape.KeyDim);
            VectorOps.Copy(groups.At(g, shape.KeyDim), keys[g], shape.KeyDim);
            VectorOps.Copy(groups.At(g, 2L * shape.KeyDim), rowValues[g], values);
            VectorOps.Copy(groups.At(g, (2L * shape.KeyDim) + values), gates[g], values);
        }
    }

    /// <summary>
    /// Token by token, for the columns of the given units: M ← decay · M; d = beta · (v − Mᵀk); M ← M + k dᵀ; output = Mᵀq.
    /// </summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="unitBegin">First unit, of shape.Units.</param>
    /// <param name="unitEnd">One past the last unit.</param>
    /// <param name="rows">Inputs and outputs; units touch disjoint outputs.</param>
    /// <param name="matrices">The state, shape.MatrixFloats floats; updated.</param>
    public static void Advance(in DeltaNetShape shape, int unitBegin, int unitEnd, in DeltaNetRows rows, nint matrices) =>
        Advance(Isa.Level, shape, unitBegin, unitEnd, rows, matrices);

    internal static void Advance(IsaLevel level, in DeltaNetShape shape, int unitBegin, int unitEnd, in DeltaNetRows rows, nint matrices)
    {
        Debug.Assert(shape.ValueHeads % shape.KeyHeads == 0 && unitBegin >= 0 && unitEnd <= shape.Units);
        int panels = shape.Panels;
        for (int unit = unitBegin; unit < unitEnd; unit++)
        {
            int head = unit / panels;
            int first = unit % panels * DeltaPanel.Columns;
            DeltaPanel panel = DeltaPanel.Of(shape, rows, head, first, matrices);
            panel.Advance(level, Math.Min(DeltaPanel.Columns, shape.ValueDim - first));
        }
    }
}
