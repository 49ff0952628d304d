using System.Runtime.CompilerServices;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The float path of block types: decodes up to 256 columns of a few rows into a small buffer and runs the float operator on them for a
/// panel of tokens. Serves the reference mode of all block types and both modes of types that have no integer operator. The running
/// sums are kept between column blocks, so that an output is summed in step order whatever the panel.
/// </summary>
internal sealed unsafe class DecodedLoop<TDecoder, TOperator, TWeights, TSum> : MatMulLoop
    where TDecoder : IBlockDecoder
    where TOperator : IBlockOperator<TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    private const int BufferColumns = 256;

    /// <summary>Rows decoded together: the activations of four tokens are read once from the first-level cache for all of them.</summary>
    private const int RowsPerPanel = 4;

    /// <summary>Tokens a decoded panel serves: 64 KiB of activations per column block stay in the second-level cache.</summary>
    private const int TokensPerPanel = 64;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* buffer = stackalloc float[RowsPerPanel * BufferColumns];
        TSum* sums = stackalloc TSum[RowsPerPanel * TokensPerPanel];
        long rowBytes = (long)(columns / TDecoder.BlockElements) * TDecoder.BlockBytes;
        for (int token = 0; token < tokens; token += TokensPerPanel)
        {
            int width = Math.Min(TokensPerPanel, tokens - token);
            byte* x = activations + (token * activationStride);
            for (int row = rowBegin; row < rowEnd; row += RowsPerPanel)
            {
                int rows = Math.Min(RowsPerPanel, rowEnd - row);
                new Span<TSum>(sums, RowsPerPanel * TokensPerPanel).Clear();
                for (int column = 0; column < columns; column += BufferColumns)
                {
                    byte* w = weights + (row * rowBytes) + ((long)(column / TDecoder.BlockElements) * TDecoder.BlockBytes);
                    int count = 0;
                    for (int r = 0; r < rows; r++)
                    {
                        count = Decode(w + (r * rowBytes), columns - column, buffer + (r * BufferColumns));
                    }

                    AddPanel(buffer, rows, count, x + (4L * column), activationStride, width, sums);
                }

                for (int i = 0; i < rows * width; i++)
                {
                    int t = i / rows;
                    int r = i % rows;
                    y[((token + t) * yStride) + row + r] = TOperator.Total(sums[(r * TokensPerPanel) + t]);
                }
            }
        }
    }

    /// <summary>Fills the buffer and returns the columns in it, rounded up to whole steps with zeros.</summary>
    private static int Decode(byte* source, int columns, float* buffer)
    {
        int count = Math.Min(columns, BufferColumns);
        for (int i = 0; i < count; i += TDecoder.BlockElements)
        {
            TDecoder.Decode(source, buffer + i);
            source += TDecoder.BlockBytes;
        }

        int padded = (count + TOperator.StepColumns - 1) / TOperator.StepColumns * TOperator.StepColumns;
        new Span<float>(buffer + count, padded - count).Clear();
        return padded;
    }

    private static void AddPanel(float* buffer, int rows, int columns, byte* x, long stride, int tokens, TSum* sums)
    {
        for (int t = 0; t < tokens;)
        {
            int width = tokens - t >= 4 ? 4 : 1;
            for (int r = 0; r < rows; r++)
            {
                float* w = buffer + (r * BufferColumns);
                TSum* sum = sums + (r * TokensPerPanel) + t;
                if (width == 4)
                {
                    FourTokens(w, x, stride, columns, sum);
                }
                else
                {
                    OneToken(w, x, columns, sum);
                }
            }

            x += width * stride;
            t += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneToken(float* w, byte* x, int columns, TSum* sums)
    {
        TSum sum = *sums;
        for (int i = 0; i < columns; i += TOperator.StepColumns)
        {
            TWeights block = TOperator.Load((byte*)(w + i));
            sum = TOperator.Dot(block, x + (4L * i), x, sum);
        }

        *sums = sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourTokens(float* w, byte* x, long stride, int columns, TSum* sums)
    {
        TSum sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
        byte* x2 = x + (2 * stride);
        for (int i = 0; i < columns; i += TOperator.StepColumns)
        {
            TWeights block = TOperator.Load((byte*)(w + i));
            sum0 = TOperator.Dot(block, x, x, sum0);
            sum1 = TOperator.Dot(block, x + stride, x, sum1);
            sum2 = TOperator.Dot(block, x2, x, sum2);
            sum3 = TOperator.Dot(block, x2 + stride, x, sum3);
            x += 4L * TOperator.StepColumns;
            x2 += 4L * TOperator.StepColumns;
        }

        (sums[0], sums[1], sums[2], sums[3]) = (sum0, sum1, sum2, sum3);
    }
}
