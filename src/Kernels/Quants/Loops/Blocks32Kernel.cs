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
    public static int MostSeveral => TLanes.MostSeveral;

    /// <summary>Quads, then a scale per block and row, then an offset, or what sums start at.</summary>
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
        byte* record = activations + ActivationRow.BlocksOffset(columns);
        for (int r = 0; r < rows; r++)
        {
            byte* w = weights;
            weights += rowBytes;
            if (hasEnds)
            {
                ends.Stage(weights); // long before it is read: a wide read waits for narrower writes
            }

            Vector256<float> sum = default, second = default;
            Eights<TRows>(w, columns / 256, values, valuesStride, record, stride, ref sum, ref second);
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

    public static int ArrangedBytes(int columns) => SeveralRows32<T>.ArrangedBytes(columns);

    public static void Arrange(byte* activations, int columns, byte* to) => SeveralRows32<T>.Arrange(activations, columns, to);

    public static void Several(byte* weights, int rows, int columns, byte* activations, in SeveralOutputs to) =>
        SeveralRows32<T>.Rows(weights, rows, columns, activations, to);

    /// <summary>Adds groups of eight blocks to the eight sums of either row of activations. What it calls is all inlined, for which it must
    /// be long itself: the inliner's budget is a multiple of that.</summary>
    /// <param name="w">Weights.</param>
    /// <param name="eights">Groups.</param>
    /// <param name="x">Values of the first row.</param>
    /// <param name="valuesStride">Bytes to those of the second.</param>
    /// <param name="record">Record of the first row.</param>
    /// <param name="stride">Bytes to that of the second.</param>
    /// <param name="sum">Sums of the first row.</param>
    /// <param name="second">Those of the second.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Eights<TRows>(byte* w, int eights, byte* x, long valuesStride, byte* record, long stride,
        ref Vector256<float> sum, ref Vector256<float> second)
        where TRows : IActivationRows
    {
        Vector256<float> a = sum, b = second;
        int bias = T.MostValue <= 31 ? T.Bias : 0, bytes = T.EightBytes;
        bool areTwo = TRows.AreTwo, hasOffsets = T.HasOffsets;
        for (; eights > 0; eights--)
        {
            RowPrefetch.Ahead(w, bytes);
            Vector256<float> scales = T.Scales(w, out Vector256<float> offsets);
            Vector256<int> dots = TLanes.Dots<TRows>(w, x, valuesStride, out Vector256<int> others);
            if (bias != 0)
            {
                dots -= Vector256.Load((int*)(record + ActivationRow.RecordSums)) * bias;
                if (areTwo)
                {
                    others -= Vector256.Load((int*)(record + stride + ActivationRow.RecordSums)) * bias;
                }
            }

            a = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load((float*)record), a);
            if (hasOffsets)
            {
                a = Vector256.FusedMultiplyAdd(offsets, Vector256.Load((float*)(record + ActivationRow.RecordScaledSums)), a);
            }

            if (areTwo)
            {
                byte* of = record + stride;
                b = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(others), scales * Vector256.Load((float*)of), b);
                if (hasOffsets)
                {
                    b = Vector256.FusedMultiplyAdd(offsets, Vector256.Load((float*)(of + ActivationRow.RecordScaledSums)), b);
                }
            }

            w += bytes;
            x += 256;
            record += ActivationRow.BlockRecordBytes;
        }

        (sum, second) = (a, b);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* weights, int rows, int columns, int column, int count, byte* panel)
    {
        byte* tails = stackalloc byte[PanelLayout.Rows * T.EightBytes];
        byte** row = stackalloc byte*[PanelLayout.Rows];
        Vector256<float>* scales = stackalloc Vector256<float>[PanelLayout.Rows], offsets = stackalloc Vector256<float>[PanelLayout.Rows];
        byte* scalesAt = panel + ScalesOf;
        long rowBytes = RowBytes(columns), ahead = PanelLayout.Rows * rowBytes;
        weights += RowBytes(column);
        for (int c = 0; c < count; c += 256)
        {
            int most = Math.Min(256, count - c);
            for (int r = 0; r < PanelLayout.Rows; r++)
            {
                byte* w = weights + (Math.Min(r, rows - 1) * rowBytes);
                RowPrefetch.Later(w + ahead, T.EightBytes);
                row[r] = most == 256 ? w : Columns32<T>.Copy(w, most, tails + (r * T.EightBytes));
                scales[r] = T.Scales(row[r], out offsets[r]);
            }

            Transpose.Store16((Vector256<int>*)scales, scalesAt, PanelLayout.QuadBytes);
            byte* offsetsAt = scalesAt + (PanelLayout.OffsetsOf * sizeof(float));
            if (T.HasOffsets)
            {
                Transpose.Store16((Vector256<int>*)offsets, offsetsAt, PanelLayout.QuadBytes);
            }

            for (int pair = 0; pair < (most + 63) / 64; pair++)
            {
                TLanes.PackPair(row, pair, panel, (int*)offsetsAt + (2 * pair * PanelLayout.Rows));
                panel += 4 * TLanes.GroupBytes;
            }

            weights += T.EightBytes;
            scalesAt += 8 * PanelLayout.QuadBytes;
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
}
