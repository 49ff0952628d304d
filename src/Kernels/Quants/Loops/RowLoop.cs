namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Rows one by one, a few tokens at once: eight running sums per output, added as ((S0 + S4) + (S2 + S6)) + ((S1 + S5) + (S3 +
/// S7)).</summary>
internal abstract unsafe class RowLoop : MatMulLoop
{
    /// <summary>Tokens a row is unpacked for.</summary>
    protected const int TokensAtOnce = 4;

    /// <summary>Rows that stay in the cache for the next tokens.</summary>
    private const int RowsAtOnce = 16;

    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* sums = stackalloc float[8 * TokensAtOnce];
        long rowBytes = RowBytes(columns);
        for (int first = rowBegin; first < rowEnd; first += RowsAtOnce)
        {
            for (int token = 0; token < tokens; token += TokensAtOnce)
            {
                int width = Math.Min(TokensAtOnce, tokens - token);
                for (int row = first; row < Math.Min(rowEnd, first + RowsAtOnce); row++)
                {
                    new Span<float>(sums, 8 * TokensAtOnce).Clear();
                    Add(weights + (row * rowBytes), columns, activations + (token * activationStride), activationStride, width, sums);
                    for (int t = 0; t < width; t++)
                    {
                        float* s = sums + (8 * t);
                        y[((token + t) * yStride) + row] = (s[0] + s[4] + (s[2] + s[6])) + (s[1] + s[5] + (s[3] + s[7]));
                    }
                }
            }
        }
    }

    /// <summary>Bytes of a row of weights.</summary>
    protected abstract long RowBytes(int columns);

    /// <summary>Adds a row's products with some tokens to their eight sums each.</summary>
    /// <param name="row">A row of weights.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="x">The first token's prepared row.</param>
    /// <param name="stride">Bytes between prepared rows.</param>
    /// <param name="tokens">At most <see cref="TokensAtOnce"/>.</param>
    /// <param name="sums">Eight per token.</param>
    protected abstract void Add(byte* row, int columns, byte* x, long stride, int tokens, float* sums);
}
