using System.Runtime.CompilerServices;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Products with 16-bit activations where the type's loop knows of none: those of the high digits and those of the low ones, each as a row
/// of 8-bit activations (<see cref="ActivationDigits"/>), added.
/// </summary>
/// <param name="inner">The type's loop for 8-bit activations.</param>
/// <param name="layout">The layout that it takes.</param>
internal sealed unsafe class DigitsLoop(MatMulLoop inner, ActivationLayout layout) : MatMulLoop
{
    /// <summary>Rows and tokens at once, whose outputs of either digit take 8 KiB.</summary>
    private const int RowsAtOnce = 16, TokensAtOnce = 128;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* high = stackalloc float[TokensAtOnce * RowsAtOnce], low = stackalloc float[TokensAtOnce * RowsAtOnce];
        long lowOffset = ActivationRow.RowBytes(layout, columns);
        for (int row = rowBegin; row < rowEnd; row += RowsAtOnce)
        {
            int end = Math.Min(rowEnd, row + RowsAtOnce);
            for (int token = 0; token < tokens; token += TokensAtOnce)
            {
                int width = Math.Min(TokensAtOnce, tokens - token);
                byte* x = activations + (token * activationStride);
                inner.Multiply(weights, columns, row, end, x, activationStride, width, high - row, RowsAtOnce);
                inner.Multiply(weights, columns, row, end, x + lowOffset, activationStride, width, low - row, RowsAtOnce);
                for (int t = 0; t < width; t++)
                {
                    float* to = y + ((token + t) * yStride) + row;
                    for (int r = 0; r < end - row; r++)
                    {
                        to[r] = high[(t * RowsAtOnce) + r] + low[(t * RowsAtOnce) + r];
                    }
                }
            }
        }
    }
}
