using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The loop of the integer types at AVX2 and above: single rows while there are few tokens, else panels of sixteen rows that are unpacked
/// once and
/// used for all tokens of a batch. An output has the same bits either way (see <see cref="IPanelKernel"/>).
/// </summary>
internal sealed unsafe class PanelLoop<TKernel> : MatMulLoop
    where TKernel : IPanelKernel
{
    private const int Rows = PanelLayout.Rows;

    /// <summary>Tokens a packed panel serves; their sums take 64 KiB.</summary>
    private const int TokensPerPanel = 128;

    /// <summary>Below these, unpacking rows that are not there, or for too few tokens, costs more than it saves.</summary>
    private const int FewestTokens = 4, FewestRows = 8;

    /// <summary>Rows that stay in the cache for the next of a few tokens.</summary>
    private const int RowsAtOnce = 64;

    private const int SumsOf = LaneSums.Lanes * Rows;

    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        if (tokens >= FewestTokens && rowEnd - rowBegin >= FewestRows)
        {
            Panels(weights, columns, rowBegin, rowEnd, activations, activationStride, tokens, y, yStride);
            return;
        }

        long rowBytes = TKernel.RowBytes(columns);
        for (int row = rowBegin; row < rowEnd; row += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, rowEnd - row);
            byte* w = weights + (row * rowBytes);
            int token = 0;
            for (; token + 2 <= tokens; token += 2)
            {
                TKernel.Rows<TwoRows>(w, rows, columns, activations + (token * activationStride), activationStride,
                    y + (token * yStride) + row, yStride);
            }

            if (token < tokens)
            {
                TKernel.Rows<OneRow>(w, rows, columns, activations + (token * activationStride), activationStride,
                    y + (token * yStride) + row, yStride);
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panels(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        byte* memory = stackalloc byte[TKernel.PanelBytes + (TokensPerPanel * SumsOf * sizeof(float)) + 64];
        byte* panel = (byte*)(((nint)memory + 63) & ~63);
        float* sums = (float*)(panel + TKernel.PanelBytes);
        long rowBytes = TKernel.RowBytes(columns);
        for (int row = rowBegin; row < rowEnd; row += Rows)
        {
            int rows = Math.Min(Rows, rowEnd - row);
            for (int token = 0; token < tokens; token += TokensPerPanel)
            {
                int width = Math.Min(TokensPerPanel, tokens - token);
                byte* x = activations + (token * activationStride);
                new Span<float>(sums, width * SumsOf).Clear();
                for (int column = 0; column < columns; column += PanelLayout.Columns)
                {
                    int count = Math.Min(PanelLayout.Columns, columns - column);
                    TKernel.Pack(weights + (row * rowBytes), rows, columns, column, count, panel);
                    AddTokens(panel, columns, column, count, x, activationStride, width, sums);
                }

                for (int t = 0; t < width; t++)
                {
                    Store(LaneSums.Total8(sums + (t * SumsOf)), LaneSums.Total8(sums + (t * SumsOf) + 8),
                        y + ((token + t) * yStride) + row, rows);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTokens(byte* panel, int columns, int column, int count, byte* x, long stride, int tokens, float* sums)
    {
        int t = 0;
        for (; t + 4 <= tokens; t += 4)
        {
            TKernel.Add4(panel, columns, column, count, x + (t * stride), stride, sums + (t * SumsOf));
        }

        for (; t < tokens; t++)
        {
            TKernel.Add1(panel, columns, column, count, x + (t * stride), sums + (t * SumsOf));
        }
    }

    private static void Store(Vector256<float> first, Vector256<float> second, float* y, int rows)
    {
        Debug.Assert(rows is >= 1 and <= Rows);
        if (rows == Rows)
        {
            first.Store(y);
            second.Store(y + 8);
            return;
        }

        for (int r = 0; r < rows; r++)
        {
            y[r] = r < 8 ? first[r] : second[r - 8];
        }
    }
}
