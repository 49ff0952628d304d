using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The kernel of an <see cref="IBlocksOf32"/> type.</summary>
internal unsafe struct Blocks32Kernel<T, TLanes> : IPanelKernel
    where T : IBlocksOf32
    where TLanes : IBlocks32Lanes
{
    private const int Pairs = 4; // of blocks, in 256 columns

    /// <summary>Quads, then a scale per block and row, then an offset.</summary>
    public static int PanelBytes => ScalesOf + (2 * PanelLayout.OffsetsOf * sizeof(float));

    private static int ScalesOf
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelLayout.Columns / 16 * TLanes.GroupBytes;
    }

    public static long RowBytes(int columns) => (long)columns / 32 * T.EightBytes / 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<TRows>(byte* weights, int rows, int columns, byte* activations, long stride, float* y, long yStride)
        where TRows : IActivationRows
    {
        long rowBytes = RowBytes(columns);
        byte* firstRecord = activations + ActivationRow.BlocksOffset(columns);
        int rest = columns % 256;
        bool wholePairs = rest % 64 == 0 && columns >= 256;
        for (int r = 0; r < rows; r++)
        {
            byte* w = weights;
            byte* x = activations;
            byte* record = firstRecord;
            Vector256<float> sum = default, second = default;
            for (int eights = columns / 256; eights > 0; eights--)
            {
                RowPrefetch.Ahead(w, T.EightBytes);
                Vector256<float> scales = T.Scales(w, out Vector256<float> offsets);
                PerRow<Vector256<int>> dots = TLanes.Dots<TRows>(w, x, stride, Pairs);
                sum = Add(scales, offsets, record, dots.First, sum);
                if (TRows.AreTwo)
                {
                    second = Add(scales, offsets, record + stride, dots.Second, second);
                }

                w += T.EightBytes;
                x += 256;
                record += ActivationRow.BlockRecordBytes;
            }

            weights += rowBytes;
            if (rest != 0)
            {
                sum = wholePairs ? LastPairs(w, weights, rest / 64, x, record, sum) : Rest(w, rest, x, record, sum);
                if (TRows.AreTwo)
                {
                    second = wholePairs ? LastPairs(w, weights, rest / 64, x + stride, record + stride, second)
                        : Rest(w, rest, x + stride, record + stride, second);
                }
            }

            y[r] = LaneSums.Total(sum);
            if (TRows.AreTwo)
            {
                y[yStride + r] = LaneSums.Total(second);
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
                row[r] = most == 256 ? w : Copy(w, most, tails + (r * T.EightBytes));
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

    public static void Add4(byte* panel, int columns, int column, int count, byte* activations, long stride, float* sums) => TLanes.Add4(
        panel, (float*)(panel + ScalesOf), count / 32, activations + column, Record(activations, columns, column), stride, sums);

    public static void Add1(byte* panel, int columns, int column, int count, byte* activations, float* sums) => TLanes.Add1(
        panel, (float*)(panel + ScalesOf), count / 32, activations + column, Record(activations, columns, column), sums);

    private static byte* Record(byte* activations, int columns, int column) =>
        activations + ActivationRow.BlocksOffset(columns) + ((long)column / 256 * ActivationRow.BlockRecordBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> scales, Vector256<float> offsets, byte* record, Vector256<int> dots,
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

    /// <summary>One to three whole pairs; their scales are the last of the eight that end with the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LastPairs(byte* w, byte* end, int pairs, byte* x, byte* record, Vector256<float> sum)
    {
        RowPrefetch.Ahead(w, T.EightBytes);
        Vector256<float> scales = T.Scales(end - T.EightBytes, out Vector256<float> offsets);
        Vector256<int> order = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(2 * (Pairs - pairs));
        scales = Avx2.PermuteVar8x32(scales, order);
        offsets = T.HasOffsets ? Avx2.PermuteVar8x32(offsets, order) : default;
        return Add(scales, offsets, record, Few(w, x, pairs), sum);
    }

    /// <summary>The blocks after the last 256 columns; scales of blocks that are not there meet activations' scales of zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> Rest(byte* weights, int columns, byte* x, byte* record, Vector256<float> sum)
    {
        byte* w = stackalloc byte[T.EightBytes];
        Copy(weights, columns, w);
        Vector256<float> scales = T.Scales(w, out Vector256<float> offsets);
        int pairs = (columns + 63) / 64;
        return Add(scales, offsets, record, Few(w, x, pairs), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Few(byte* w, byte* x, int pairs) => pairs switch
    {
        1 => TLanes.Dots<OneRow>(w, x, 0, 1).First,
        2 => TLanes.Dots<OneRow>(w, x, 0, 2).First,
        3 => TLanes.Dots<OneRow>(w, x, 0, 3).First,
        _ => TLanes.Dots<OneRow>(w, x, 0, Pairs).First,
    };

    /// <summary>Weights of some columns, zeros behind them.</summary>
    private static byte* Copy(byte* weights, int columns, byte* to)
    {
        new Span<byte>(to, T.EightBytes).Clear();
        Unsafe.CopyBlockUnaligned(to, weights, (uint)RowBytes(columns));
        return to;
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
