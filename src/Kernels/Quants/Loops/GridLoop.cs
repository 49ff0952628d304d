using System.Runtime.CompilerServices;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The loop of the grid types, whose unpacking costs more than a dot product: a few rows are unpacked to a small buffer and used for all
/// tokens of a panel. Each output has a single running sum fed in block order, so results are bit-equal for any number of tokens and
/// any split of the rows.
/// </summary>
internal sealed unsafe class GridLoop<TOperator, TWeights, TSum> : MatMulLoop
    where TOperator : IGridOperator<TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    private const int RowsPerPanel = 4;
    private const int BlocksPerPanel = 8;
    private const int TokensPerPanel = 32;

    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        int bufferBytes = RowsPerPanel * BlocksPerPanel * sizeof(GridBlock);
        byte* memory = stackalloc byte[bufferBytes + (RowsPerPanel * TokensPerPanel * sizeof(TSum)) + 64];
        var buffer = (GridBlock*)(((nint)memory + 63) & ~63);
        TSum* sums = (TSum*)((byte*)buffer + bufferBytes);
        int blocks = columns / 256;
        long rowBytes = (long)blocks * TOperator.PackedBytes;
        for (int row = rowBegin; row < rowEnd; row += RowsPerPanel)
        {
            int rows = Math.Min(RowsPerPanel, rowEnd - row);
            for (int token = 0; token < tokens; token += TokensPerPanel)
            {
                int width = Math.Min(TokensPerPanel, tokens - token);
                byte* x = activations + (token * activationStride);
                Panel(weights + (row * rowBytes), blocks, rows, x, activationStride, width, buffer, sums);
                for (int t = 0; t < width; t++)
                {
                    for (int r = 0; r < rows; r++)
                    {
                        y[((token + t) * yStride) + row + r] = TOperator.Total(sums[(t * RowsPerPanel) + r]);
                    }
                }
            }
        }
    }

    private static void Panel(byte* w, int blocks, int rows, byte* x, long stride, int width, GridBlock* buffer, TSum* sums)
    {
        new Span<TSum>(sums, width * RowsPerPanel).Clear();
        long rowBytes = (long)blocks * TOperator.PackedBytes;
        for (int block = 0; block < blocks; block += BlocksPerPanel)
        {
            int count = Math.Min(BlocksPerPanel, blocks - block);
            for (int r = 0; r < rows; r++)
            {
                TOperator.Unpack(w + (r * rowBytes), buffer + (r * BlocksPerPanel), count);
            }

            for (int t = 0; t < width;)
            {
                int step = width - t >= 4 ? 4 : 1;
                for (int r = 0; r < rows; r++)
                {
                    TSum* sum = sums + (t * RowsPerPanel) + r;
                    if (step == 4)
                    {
                        FourTokens((byte*)(buffer + (r * BlocksPerPanel)), count, x + (t * stride), stride, sum);
                    }
                    else
                    {
                        OneToken((byte*)(buffer + (r * BlocksPerPanel)), count, x + (t * stride), sum);
                    }
                }

                t += step;
            }

            w += count * TOperator.PackedBytes;
            x += count * ActivationRow.Block256Bytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneToken(byte* w, int count, byte* x, TSum* sums)
    {
        TSum sum = *sums;
        for (int i = 0; i < count; i++)
        {
            TWeights block = TOperator.Load(w);
            sum = TOperator.Dot(block, x, x, sum);
            w += TOperator.StepBytes;
            x += ActivationRow.Block256Bytes;
        }

        *sums = sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourTokens(byte* w, int count, byte* x, long stride, TSum* sums)
    {
        TSum sum0 = sums[0], sum1 = sums[RowsPerPanel], sum2 = sums[2 * RowsPerPanel], sum3 = sums[3 * RowsPerPanel];
        byte* x2 = x + (2 * stride);
        for (int i = 0; i < count; i++)
        {
            TWeights block = TOperator.Load(w);
            sum0 = TOperator.Dot(block, x, x, sum0);
            sum1 = TOperator.Dot(block, x + stride, x, sum1);
            sum2 = TOperator.Dot(block, x2, x, sum2);
            sum3 = TOperator.Dot(block, x2 + stride, x, sum3);
            w += TOperator.StepBytes;
            x += ActivationRow.Block256Bytes;
            x2 += ActivationRow.Block256Bytes;
        }

        sums[0] = sum0;
        sums[RowsPerPanel] = sum1;
        sums[2 * RowsPerPanel] = sum2;
        sums[3 * RowsPerPanel] = sum3;
    }
}
