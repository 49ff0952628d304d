using System.Diagnostics;
using System.Runtime.CompilerServices;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The one loop over rows, tokens and steps. Each output has a single running sum fed in step order, so results are bit-equal for any
/// number of tokens and any split of the rows.
/// </summary>
internal sealed unsafe class BlockLoop<TOperator, TWeights, TSum> : MatMulLoop
    where TOperator : IBlockOperator<TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    /// <summary>Rows visited per group of tokens: their weights stay in the second-level cache while the activations change.</summary>
    private const int RowsPerPanel = 16;

    private const int TailBytes = 320;

    /// <summary>Bytes of activation values per step.</summary>
    private static int ValueBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TOperator.Layout switch
        {
            ActivationLayout.F32 => 4 * TOperator.StepColumns,
            ActivationLayout.Q8Block32 => TOperator.StepColumns,
            _ => ActivationRow.Block256Bytes * (TOperator.StepColumns / 256),
        };
    }

    /// <summary>Bytes of activation scales per step (Q8Block32; elsewhere the scales lie among the values and this is not used).</summary>
    private static int ScaleBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ActivationRow.PairScaleBytes * (TOperator.StepColumns / 64);
    }

    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        Debug.Assert(TOperator.StepBytes <= TailBytes);
        int steps = columns / TOperator.StepColumns;
        long stepsBytes = (long)steps * TOperator.StepBytes;
        int tailColumns = columns - (steps * TOperator.StepColumns);
        int tailBytes = (int)((long)tailColumns * TOperator.StepBytes / TOperator.StepColumns);
        long rowBytes = stepsBytes + tailBytes;
        long scaleOffset = TOperator.Layout == ActivationLayout.Q8Block32 ? ActivationRow.ScaleOffset(columns) : 0;
        byte* tail = stackalloc byte[TailBytes];
        new Span<byte>(tail, TailBytes).Clear();

        for (int panel = rowBegin; panel < rowEnd; panel += RowsPerPanel)
        {
            int panelEnd = Math.Min(rowEnd, panel + RowsPerPanel);
            for (int token = 0; token < tokens;)
            {
                int width = tokens - token >= 4 ? 4 : 1;
                byte* x = activations + (token * activationStride);
                float* output = y + (token * yStride);
                for (int row = panel; row < panelEnd; row++)
                {
                    byte* w = weights + (row * rowBytes);
                    if (tailBytes > 0)
                    {
                        Unsafe.CopyBlockUnaligned(tail, w + stepsBytes, (uint)tailBytes);
                    }

                    byte* rowTail = tailBytes > 0 ? tail : null;
                    if (width == 4)
                    {
                        FourTokens(w, steps, rowTail, x, activationStride, scaleOffset, output + row, yStride);
                    }
                    else
                    {
                        output[row] = OneToken(w, steps, rowTail, x, scaleOffset);
                    }
                }

                token += width;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float OneToken(byte* w, int steps, byte* tail, byte* x, long scaleOffset)
    {
        TSum sum = default;
        byte* scales = x + scaleOffset;
        for (int i = 0; i < steps; i++)
        {
            TWeights block = TOperator.Load(w);
            sum = TOperator.Dot(block, x, scales, sum);
            w += TOperator.StepBytes;
            x += ValueBytes;
            scales += ScaleBytes;
        }

        if (tail != null)
        {
            TWeights block = TOperator.Load(tail);
            sum = TOperator.Dot(block, x, scales, sum);
        }

        return TOperator.Total(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourTokens(
        byte* w, int steps, byte* tail, byte* x, long stride, long scaleOffset, float* output, long yStride)
    {
        TSum sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        byte* x2 = x + (2 * stride);
        byte* scales = x + scaleOffset;
        byte* scales2 = x2 + scaleOffset;
        int total = tail != null ? steps + 1 : steps;
        for (int i = 0; i < total; i++)
        {
            TWeights block = TOperator.Load(i < steps ? w : tail);
            sum0 = TOperator.Dot(block, x, scales, sum0);
            sum1 = TOperator.Dot(block, x + stride, scales + stride, sum1);
            sum2 = TOperator.Dot(block, x2, scales2, sum2);
            sum3 = TOperator.Dot(block, x2 + stride, scales2 + stride, sum3);
            w += TOperator.StepBytes;
            x += ValueBytes;
            x2 += ValueBytes;
            scales += ScaleBytes;
            scales2 += ScaleBytes;
        }

        output[0] = TOperator.Total(sum0);
        output[yStride] = TOperator.Total(sum1);
        output[2 * yStride] = TOperator.Total(sum2);
        output[3 * yStride] = TOperator.Total(sum3);
    }
}
