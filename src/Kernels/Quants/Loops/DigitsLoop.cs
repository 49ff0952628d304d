using System.Runtime.CompilerServices;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Products with 16-bit activations: those of the high digits and those of the low ones, each as a row of 8-bit activations
/// (<see cref="ActivationDigits"/>), added.
/// </summary>
/// <param name="inner">The type's loop for 8-bit activations.</param>
/// <param name="layout">The layout that it takes.</param>
internal sealed unsafe class DigitsLoop(MatMulLoop inner, ActivationLayout layout) : MatMulLoop
{
    /// <summary>Rows at once: with one token as many as stay in the cache for the second digit, else a panel.</summary>
    private const int RowsOfOneToken = 64, RowsOfMany = PanelLayout.Rows;

    /// <summary>Tokens at once, whose outputs of either digit take 8 KiB.</summary>
    private const int TokensAtOnce = 128;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* high = stackalloc float[TokensAtOnce * RowsOfMany], low = stackalloc float[TokensAtOnce * RowsOfMany];
        long lowOffset = ActivationRow.RowBytes(layout, columns);
        int rowsAtOnce = tokens == 1 ? RowsOfOneToken : RowsOfMany;
        for (int row = rowBegin; row < rowEnd; row += rowsAtOnce)
        {
            int end = Math.Min(rowEnd, row + rowsAtOnce);
            if (tokens == 1)
            {
                inner.Multiply(weights, columns, row, end, activations, lowOffset, 2, high - row, rowsAtOnce);
                Add(high, high + rowsAtOnce, end - row, y + row);
                continue;
            }

            for (int token = 0; token < tokens; token += TokensAtOnce)
            {
                int width = Math.Min(TokensAtOnce, tokens - token);
                byte* x = activations + (token * activationStride);
                inner.Multiply(weights, columns, row, end, x, activationStride, width, high - row, rowsAtOnce);
                inner.Multiply(weights, columns, row, end, x + lowOffset, activationStride, width, low - row, rowsAtOnce);
                for (int t = 0; t < width; t++)
                {
                    Add(high + (t * rowsAtOnce), low + (t * rowsAtOnce), end - row, y + ((token + t) * yStride) + row);
                }
            }
        }
    }

    private static void Add(float* high, float* low, int rows, float* y)
    {
        for (int r = 0; r < rows; r++)
        {
            y[r] = high[r] + low[r];
        }
    }
}
