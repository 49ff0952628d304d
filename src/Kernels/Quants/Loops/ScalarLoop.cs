namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Rows and tokens one by one: eight running sums per output, added as ((S0 + S4) + (S2 + S6)) + ((S1 + S5) + (S3 + S7)).</summary>
internal abstract unsafe class ScalarLoop : MatMulLoop
{
    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* sums = stackalloc float[8];
        for (int t = 0; t < tokens; t++)
        {
            for (int row = rowBegin; row < rowEnd; row++)
            {
                new Span<float>(sums, 8).Clear();
                Add(weights + (row * RowBytes(columns)), columns, activations + (t * activationStride), sums);
                y[(t * yStride) + row] = (sums[0] + sums[4] + (sums[2] + sums[6])) + (sums[1] + sums[5] + (sums[3] + sums[7]));
            }
        }
    }

    /// <summary>Bytes of a row of weights.</summary>
    protected abstract long RowBytes(int columns);

    /// <summary>Adds a row's products with a token to the eight sums.</summary>
    protected abstract void Add(byte* row, int columns, byte* x, float* sums);
}
