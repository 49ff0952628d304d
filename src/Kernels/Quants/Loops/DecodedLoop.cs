using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The float path of block types: decodes up to 256 columns of a row into a small buffer in the first-level cache and multiplies them
/// there. For few tokens rows are taken one by one, as they lie in memory; for more a group of columns of four rows is decoded once for up
/// to 64 tokens. The sixteen sums of an output are kept between groups, so that it is summed in the order of columns whatever the batch.
/// </summary>
internal sealed unsafe class DecodedLoop<TColumns, TDots> : MatMulLoop
    where TColumns : IColumnDecoder
    where TDots : IFloatDots
{
    private const int BufferColumns = 256;

    private const int StepColumns = 64;

    private const int Sums = 16; // of an output

    /// <summary>Rows decoded together: the activations of four tokens are read once from the first-level cache for all of them.</summary>
    private const int RowsPerPanel = 4;

    /// <summary>Tokens a decoded panel serves: 64 KiB of activations per group of columns stay in the second-level cache.</summary>
    private const int TokensPerPanel = 64;

    /// <inheritdoc/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* buffer = stackalloc float[RowsPerPanel * BufferColumns];
        float* sums = stackalloc float[RowsPerPanel * TokensPerPanel * Sums];
        long rowBytes = TColumns.Bytes(columns);
        int rowsAtOnce = tokens < 4 ? 1 : RowsPerPanel;
        for (int token = 0; token < tokens; token += TokensPerPanel)
        {
            int width = Math.Min(TokensPerPanel, tokens - token);
            byte* x = activations + (token * activationStride);
            for (int row = rowBegin; row < rowEnd; row += rowsAtOnce)
            {
                int rows = Math.Min(rowsAtOnce, rowEnd - row);
                new Span<float>(sums, rows * width * Sums).Clear();
                for (int column = 0; column < columns; column += BufferColumns)
                {
                    byte* w = weights + (row * rowBytes) + TColumns.Bytes(column);
                    int count = Math.Min(BufferColumns, columns - column);
                    for (int r = 0; r < rows; r++)
                    {
                        RowPrefetch.Ahead(w + (r * rowBytes), (int)TColumns.Bytes(count));
                        Decode(w + (r * rowBytes), count, buffer + (r * BufferColumns));
                    }

                    count = (count + StepColumns - 1) / StepColumns * StepColumns;
                    AddPanel(buffer, rows, count, (float*)x + column, activationStride, width, sums);
                }

                Store(sums, rows, width, y + (token * yStride) + row, yStride);
            }
        }
    }

    /// <summary>Fills the buffer, with zeros up to a whole step.</summary>
    private static void Decode(byte* source, int columns, float* buffer)
    {
        TColumns.Decode(source, columns, buffer);
        if (columns % StepColumns != 0)
        {
            new Span<float>(buffer + columns, StepColumns - (columns % StepColumns)).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPanel(float* buffer, int rows, int columns, float* x, long stride, int tokens, float* sums)
    {
        for (int t = 0; t < tokens;)
        {
            int width = tokens - t >= 4 ? 4 : 1;
            float* at = (float*)((byte*)x + (t * stride));
            for (int r = 0; r < rows; r++)
            {
                float* sum = sums + (((r * tokens) + t) * Sums);
                if (width == 4)
                {
                    TDots.Four(buffer + (r * BufferColumns), at, stride, columns, sum);
                }
                else
                {
                    TDots.One(buffer + (r * BufferColumns), at, columns, sum);
                }
            }

            t += width;
        }
    }

    private static void Store(float* sums, int rows, int tokens, float* y, long yStride)
    {
        for (int r = 0; r < rows; r++)
        {
            for (int t = 0; t < tokens; t++)
            {
                y[(t * yStride) + r] = LaneSums.Total(Vector256.Load(sums) + Vector256.Load(sums + 8));
                sums += Sums;
            }
        }
    }
}
