using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The float path of types that unpack to bytes. For fewer than four tokens rows are taken as they lie in memory, and bytes become floats
/// in the registers that multiply them; more tokens share what <paramref name="decoded"/> decodes once. Both sum in the same order.
/// </summary>
internal sealed unsafe class FusedLoop<T, TDots>(MatMulLoop decoded) : MatMulLoop
    where T : IByteColumns
    where TDots : IFusedDots
{
    private const int Columns = 256; // unpacked together

    private const int Sums = 16; // of an output

    private const int FewestDecoded = 4; // tokens

    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        if (tokens >= FewestDecoded)
        {
            decoded.Multiply(weights, columns, rowBegin, rowEnd, activations, activationStride, tokens, y, yStride);
            return;
        }

        int token = 0;
        for (; token + 2 <= tokens; token += 2)
        {
            Rows<TwoRows>(weights, columns, rowBegin, rowEnd, activations + (token * activationStride), activationStride,
                y + (token * yStride), yStride);
        }

        if (token < tokens)
        {
            Rows<OneRow>(weights, columns, rowBegin, rowEnd, activations + (token * activationStride), activationStride,
                y + (token * yStride), yStride);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TRows>(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* x, long stride, float* y, long yStride)
        where TRows : IActivationRows
    {
        int stageBytes = ByteColumns.UnpackedBytes<T>();
        byte* memory = stackalloc byte[(2 * stageBytes) + 63];
        byte* stage = (byte*)(((nint)memory + 63) & ~63), other = stage + stageBytes;
        float* sums = stackalloc float[2 * Sums];
        long rowBytes = T.Bytes(columns);
        int blockBytes = (int)T.Bytes(Columns);
        byte* w = weights + (rowBegin * rowBytes);
        int column = -Columns; // at first there is only something to unpack
        for (int row = rowBegin; row < rowEnd; row++)
        {
            new Span<float>(sums, 2 * Sums).Clear();
            for (; column < columns; column += Columns)
            {
                byte* current = stage;
                stage = other;
                other = current;
                int next = column + Columns;
                if (next >= columns)
                {
                    next = 0;
                    w = weights + ((row + 1) * rowBytes);
                }

                if (next > 0 || column < 0 || row + 1 < rowEnd)
                {
                    // Before the columns in front of these are multiplied: bytes just written and factors take long to come by.
                    RowPrefetch.Ahead(w, blockBytes);
                    ByteColumns.Unpack<T>(w, Math.Min(Columns, columns - next), stage);
                    w += blockBytes;
                }

                if (column >= 0)
                {
                    TDots.Add<T, TRows>((sbyte*)current + ByteColumns.ValuesAt, (float*)current, Math.Min(Columns, columns - column),
                        (float*)x + column, stride, sums);
                }
            }

            column = 0;
            y[row] = LaneSums.Total(Vector256.Load(sums) + Vector256.Load(sums + 8));
            if (TRows.AreTwo)
            {
                y[yStride + row] = LaneSums.Total(Vector256.Load(sums + Sums) + Vector256.Load(sums + Sums + 8));
            }
        }
    }
}
