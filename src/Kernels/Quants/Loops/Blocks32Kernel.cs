using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The kernel of an <see cref="IBlocksOf32"/> type.</summary>
internal unsafe struct Blocks32Kernel<T, TLanes> : IPanelKernel
    where T : IBlocksOf32
    where TLanes : IBlocks32Lanes
{
    /// <summary>Quads, then a scale per block and row, then an offset.</summary>
    public static int PanelBytes => ScalesOf + (2 * PanelLayout.OffsetsOf * sizeof(float));

    private static int ScalesOf
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelLayout.Columns / 16 * TLanes.GroupBytes;
    }

    public static long RowBytes(int columns) => (long)columns / 32 * T.EightBytes / 8;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<TRows>(byte* weights, int rows, int columns, byte* activations, long stride, float* y, long yStride)
        where TRows : IActivationRows
    {
        int whole = columns & ~255;
        byte* memory = stackalloc byte[RowEnds<T, TLanes>.Bytes + (T.HasHalves ? (2 * whole) + 64 : 0)];
        RowEnds<T, TLanes> ends = new(memory, columns);
        ends.Prepare<TRows>(activations, stride);
        byte* values = activations;
        long valuesStride = stride;
        if (T.HasHalves)
        {
            values = (byte*)(((nint)memory + RowEnds<T, TLanes>.Bytes + 63) & ~63);
            valuesStride = whole;
            Arrange<TRows>(activations, stride, whole, values);
        }

        bool hasEnds = !ends.AreNone;
        long rowBytes = RowBytes(columns);
        byte* firstRecord = activations + ActivationRow.BlocksOffset(columns);
        for (int r = 0; r < rows; r++)
        {
            byte* w = weights;
            byte* x = values;
            byte* record = firstRecord;
            weights += rowBytes;
            if (hasEnds)
            {
                ends.Stage(weights); // long before it is read: a wide read waits for narrower writes
            }

            Vector256<float> sum = default, second = default;
            for (int eights = columns / 256; eights > 0; eights--)
            {
                RowPrefetch.Ahead(w, T.EightBytes);
                Vector256<float> scales = T.Scales(w, out Vector256<float> offsets);
                Vector256<int> dots = TLanes.Dots<TRows>(w, x, valuesStride, out Vector256<int> others);
                sum = Add(scales, offsets, record, dots, sum);
                if (TRows.AreTwo)
                {
                    second = Add(scales, offsets, record + stride, others, second);
                }

                w += T.EightBytes;
                x += 256;
                record += ActivationRow.BlockRecordBytes;
            }

            if (!hasEnds)
            {
                RowOutputs.Store<TRows>(sum, second, y + r, yStride);
            }
            else if (ends.Keep(sum, second) || r == rows - 1)
            {
                ends.Finish<TRows>(y + r, yStride);
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* weights, int rows, int columns, int column, int count, byte* panel)
    {
        byte* tails = stackalloc byte[PanelLayout.Rows * T.EightBytes];
        byte** row = stackalloc byte*[PanelLayout.Rows];
        float* scales = (float*)(panel + ScalesOf);
        long rowBytes = RowBytes(columns);
        weights += RowBytes(column);
        for (int c = 0; c < count; c += 256)
        {
            int most = Math.Min(256, count - c);
            for (int r = 0; r < PanelLayout.Rows; r++)
            {
                byte* w = weights + (Math.Min(r, rows - 1) * rowBytes);
                row[r] = most == 256 ? w : Columns32<T>.Copy(w, most, tails + (r * T.EightBytes));
                Scatter(T.Scales(row[r], out Vector256<float> offsets), scales + r);
                if (T.HasOffsets)
                {
                    Scatter(offsets, scales + PanelLayout.OffsetsOf + r);
                }
            }

            for (int pair = 0; pair < (most + 63) / 64; pair++)
            {
                TLanes.PackPair(row, pair, panel);
                panel += 4 * TLanes.GroupBytes;
            }

            weights += T.EightBytes;
            scales += 8 * PanelLayout.Rows;
        }
    }

    public static void Add<TTokens>(byte* panel, int columns, int column, int count, byte* activations, long stride, float* sums)
        where TTokens : IPanelTokens => TLanes.Add<TTokens>(
        panel, (float*)(panel + ScalesOf), count / 32, activations + column, Record(activations, columns, column), stride, sums);

    /// <summary>Orders the values of whole groups of eight blocks for <see cref="IBlocks32Lanes.Dots{TRows}"/>, row behind row.</summary>
    private static void Arrange<TRows>(byte* activations, long stride, int columns, byte* to)
        where TRows : IActivationRows
    {
        for (int i = 0; i < columns; i += 256)
        {
            TLanes.Arrange(activations + i, to + i);
            if (TRows.AreTwo)
            {
                TLanes.Arrange(activations + stride + i, to + columns + i);
            }
        }
    }

    private static byte* Record(byte* activations, int columns, int column) =>
        activations + ActivationRow.BlocksOffset(columns) + ((long)column / 256 * ActivationRow.BlockRecordBytes);

    /// <summary>Adds eight blocks to their sums.</summary>
    /// <param name="scales">Scales of the weights.</param>
    /// <param name="offsets">Their offsets, if there are any.</param>
    /// <param name="record">The blocks' record of activations.</param>
    /// <param name="dots">Sums of products.</param>
    /// <param name="sum">Eight sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Add(Vector256<float> scales, Vector256<float> offsets, byte* record, Vector256<int> dots,
        Vector256<float> sum)
    {
        if (T.Bias != 0 && T.MostValue <= 31)
        {
            dots -= Vector256.Load((int*)(record + ActivationRow.RecordSums)) * T.Bias;
        }

        sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load((float*)record), sum);
        return T.HasOffsets ? Vector256.FusedMultiplyAdd(offsets,
            Vector256.Load((float*)(record + ActivationRow.RecordScaledSums)), sum) : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector256<float> lanes, float* to)
    {
        for (int i = 0; i < LaneSums.Lanes; i++)
        {
            to[PanelLayout.Rows * i] = lanes[i];
        }
    }
}
