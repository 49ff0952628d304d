using System.Runtime.CompilerServices;

namespace LayerStream.Kernels;

/// <summary>
/// The float path of block types: decodes up to 256 columns at a time into a small buffer and runs the float operator on them.
/// Serves the reference mode of all block types and both modes of types that have no integer operator.
/// </summary>
internal sealed unsafe class DecodedLoop<TDecoder, TOperator, TWeights, TSum> : MatMulLoop
    where TDecoder : IBlockDecoder
    where TOperator : IBlockOperator<TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    private const int BufferColumns = 256;
    private const int TokensPerDecode = 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        float* buffer = stackalloc float[BufferColumns];
        TSum* sums = stackalloc TSum[TokensPerDecode];
        long rowBytes = (long)(columns / TDecoder.BlockElements) * TDecoder.BlockBytes;
        for (int token = 0; token < tokens; token += TokensPerDecode)
        {
            int width = Math.Min(TokensPerDecode, tokens - token);
            byte* x = activations + (token * activationStride);
            for (int row = rowBegin; row < rowEnd; row++)
            {
                new Span<TSum>(sums, width).Clear();
                byte* w = weights + (row * rowBytes);
                for (int column = 0; column < columns; column += BufferColumns)
                {
                    int count = Decode(w + ((long)(column / TDecoder.BlockElements) * TDecoder.BlockBytes), columns - column, buffer);
                    for (int t = 0; t < width; t++)
                    {
                        sums[t] = Dot(buffer, x + (t * activationStride) + (4L * column), count, sums[t]);
                    }
                }

                for (int t = 0; t < width; t++)
                {
                    y[((token + t) * yStride) + row] = TOperator.Total(sums[t]);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TSum Dot(float* w, byte* x, int columns, TSum sum)
    {
        for (int i = 0; i < columns; i += TOperator.StepColumns)
        {
            TWeights block = TOperator.Load((byte*)(w + i));
            sum = TOperator.Dot(block, x + (4L * i), x, sum);
        }

        return sum;
    }
}
