using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The kernel of types with blocks of 256 columns and scales within.</summary>
internal unsafe struct Blocks256Kernel<T, TLanes> : IPanelKernel
    where T : IBlockSource
    where TLanes : IBlocks256Lanes
{
    private const int MostShort = 4; // blocks of a row of which several are multiplied at once

    private const int ScaleFloats = 2 * LaneSums.Lanes; // d·a of eight blocks, then dMin·a

    public static int PanelBytes => PanelLayout.Columns / 256 * TLanes.PackedBytes;

    public static int MostSeveral => TLanes.MostSeveral;

    /// <summary>Bytes of a buffer for eight staged blocks, with room to align it.</summary>
    internal static int BufferBytes => T.StagedBytes == T.BlockBytes ? 64 : (LaneSums.Lanes * T.StagedBytes) + 64;

    /// <summary>Bytes of the lanes of eight dot products.</summary>
    private static int DotsBytes => LaneSums.Lanes * TLanes.DotBytes;

    public static long RowBytes(int columns) => (long)columns / 256 * T.BlockBytes;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<TRows>(byte* weights, int rows, int columns, byte* activations, long stride, float* y, long yStride)
        where TRows : IActivationRows
    {
        int blocks = columns / 256;
        byte* memory = stackalloc byte[TLanes.TakesHalves ? (2 * blocks * ActivationRow.Block256Bytes) + 64 : 0];
        if (TLanes.TakesHalves)
        {
            byte* arranged = (byte*)(((nint)memory + 63) & ~63);
            ArrangeBlocks(activations, blocks, arranged);
            if (TRows.AreTwo)
            {
                ArrangeBlocks(activations + stride, blocks, arranged + (blocks * ActivationRow.Block256Bytes));
            }

            activations = arranged;
            stride = blocks * ActivationRow.Block256Bytes;
        }

        int done = columns <= MostShort * 256 ? ShortRows<TRows>(weights, rows, blocks, activations, stride, y, yStride) : 0;
        for (int r = done; r < rows; r++)
        {
            PerRow<Vector256<float>> sums = Row<TRows>(weights + (r * RowBytes(columns)), columns, activations, stride);
            RowOutputs.Store<TRows>(sums.First, sums.Second, y + r, yStride);
        }
    }

    public static int ArrangedBytes(int columns) => SeveralRows256<T>.ArrangedBytes(columns);

    public static void Arrange(byte* activations, int columns, byte* to) =>
        SeveralRows256<T>.Arrange(activations, columns / 256, to);

    public static void Several(byte* weights, int rows, int columns, byte* activations, in SeveralOutputs to)
    {
        int done = columns <= MostShort * 256 ? SeveralRows256<T>.ShortRows(weights, rows, columns / 256, activations, to) : 0;
        SeveralRows256<T>.Rows(weights, done, rows, columns / 256, activations, to);
    }

    /// <summary>Copies blocks of activations, their values in the order that <see cref="IBlocks256Lanes.TakesHalves"/> asks for.</summary>
    private static void ArrangeBlocks(byte* activations, int blocks, byte* to)
    {
        for (int end = blocks * ActivationRow.Block256Bytes, i = 0; i < end; i += ActivationRow.Block256Bytes)
        {
            Nibbles.ArrangeHalves(activations + i, to + i);
            Unsafe.CopyBlockUnaligned(to + i + 256, activations + i + 256, ActivationRow.Block256Bytes - 256);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static PerRow<Vector256<float>> Row<TRows>(byte* weights, int columns, byte* activations, long stride)
        where TRows : IActivationRows
    {
        byte* buffer = stackalloc byte[BufferBytes];
        byte* dots = stackalloc byte[2 * DotsBytes];
        Vector256<int>* mins = stackalloc Vector256<int>[2 * LaneSums.Lanes];
        float* scales = stackalloc float[2 * ScaleFloats];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        PerRow<Vector256<float>> sums = default;
        for (int left = columns / 256; left > 0; left -= LaneSums.Lanes)
        {
            int count = Math.Min(left, LaneSums.Lanes);
            byte* block = T.Stage(weights, count, buffer);
            if (count == LaneSums.Lanes)
            {
                Vector256<float> d = T.Scales(block, out Vector256<float> dMin);
                StoreScales(d, dMin, activations, scales);
                if (TRows.AreTwo)
                {
                    StoreScales(d, dMin, activations + stride, scales + ScaleFloats);
                }
            }
            else
            {
                Clear(dots, mins, scales);
                FewScales(block, activations, count, scales);
                if (TRows.AreTwo)
                {
                    FewScales(block, activations + stride, count, scales + ScaleFloats);
                }
            }

            byte* dot = dots;
            Vector256<int>* min = mins;
            for (byte* end = block + (count * T.StagedBytes); block < end; block += T.StagedBytes)
            {
                RowPrefetch.Ahead(weights, T.BlockBytes); // here and not eight blocks at once: too many reads at a time wait for each other
                TLanes.Dot<TRows>(block, activations, stride, dot, min);
                weights += T.BlockBytes;
                activations += ActivationRow.Block256Bytes;
                dot += TLanes.DotBytes;
                min++;
            }

            sums.First = AddBlocks(dots, mins, scales, sums.First);
            if (TRows.AreTwo)
            {
                sums.Second = AddBlocks(dots + DotsBytes, mins + LaneSums.Lanes, scales + ScaleFloats, sums.Second);
            }
        }

        return sums;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* weights, int rows, int columns, int column, int count, byte* panel)
    {
        int blocks = count / 256;
        byte* buffer = stackalloc byte[2 * BufferBytes];
        byte** row = stackalloc byte*[16];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        long rowBytes = RowBytes(columns);
        weights += (long)column / 256 * T.BlockBytes;
        for (int b = 0; b < blocks; b++)
        {
            for (int r = 0; r < 16; r++)
            {
                byte* w = weights + (Math.Min(r, rows - 1) * rowBytes) + (b * T.BlockBytes);
                RowPrefetch.Later(w + (PanelLayout.Rows * rowBytes), T.BlockBytes);
                row[r] = T.Stage(w, 1, buffer + (r * T.StagedBytes));
            }

            TLanes.PackBlock(row, panel);
            panel += TLanes.PackedBytes;
        }
    }

    public static void Add<TTokens>(byte* panel, int columns, int column, int count, byte* activations, long stride, float* sums)
        where TTokens : IPanelTokens =>
        TLanes.Add<TTokens>(panel, count / 256, activations + ((long)column / 256 * ActivationRow.Block256Bytes), stride,
            sums + Lane(column));

    /// <summary>Where the sums of a panel's first block are; the rest of its blocks have the lanes that follow.</summary>
    private static int Lane(int column) => column / 256 % LaneSums.Lanes * PanelLayout.Rows;

    /// <summary>
    /// Rows of up to four blocks, several at once: the sums of eight blocks are then those of two, four or eight rows. Returns how many
    /// rows that were: the last ones are left where eight blocks would reach behind them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ShortRows<TRows>(byte* weights, int rows, int blocks, byte* activations, long stride, float* y, long yStride)
        where TRows : IActivationRows
    {
        byte* buffer = stackalloc byte[BufferBytes];
        byte* dots = stackalloc byte[2 * DotsBytes];
        Vector256<int>* mins = stackalloc Vector256<int>[2 * LaneSums.Lanes];
        float* scales = stackalloc float[2 * ScaleFloats];
        int* order = stackalloc int[LaneSums.Lanes];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        Clear(dots, mins, scales);
        int lanes = blocks > 2 ? 4 : blocks, rowsAtOnce = LaneSums.Lanes / lanes; // lanes of a row
        for (int lane = 0; lane < LaneSums.Lanes; lane++)
        {
            int b = lane % lanes;
            byte* scale = activations + (b * ActivationRow.Block256Bytes) + ActivationRow.Scale256Offset;
            scales[lane] = b < blocks ? *(float*)scale : 0;
            scales[ScaleFloats + lane] = b < blocks && TRows.AreTwo ? *(float*)(scale + stride) : 0;
            order[lane] = Math.Min(b, blocks - 1) + (lane / lanes * blocks); // an unused lane repeats a scale of its own row
        }

        Vector256<float> a = Vector256.Load(scales), second = Vector256.Load(scales + ScaleFloats);
        int done = 0;
        for (; done + rowsAtOnce <= rows && (rows - done) * blocks >= LaneSums.Lanes; done += rowsAtOnce)
        {
            byte* first = T.Stage(weights, rowsAtOnce * blocks, buffer);
            byte* block = first;
            RowPrefetch.Ahead(weights, rowsAtOnce * blocks * T.BlockBytes);
            for (int lane = 0; lane < LaneSums.Lanes; lane += lanes)
            {
                for (int b = 0; b < blocks; b++)
                {
                    TLanes.Dot<TRows>(block, activations + (b * ActivationRow.Block256Bytes), stride,
                        dots + ((lane + b) * TLanes.DotBytes), mins + lane + b);
                    block += T.StagedBytes;
                }
            }

            weights += rowsAtOnce * blocks * T.BlockBytes;
            Vector256<float> d = Avx2.PermuteVar8x32(T.Scales(first, out Vector256<float> dMin), Vector256.Load(order));
            dMin = Avx2.PermuteVar8x32(dMin, Vector256.Load(order));
            Vector256<float> totals = TotalsOfShort(AddBlocks(dots, mins, d * a, dMin * a, default), lanes);
            if (TRows.AreTwo)
            {
                Vector256<float> others = TotalsOfShort(
                    AddBlocks(dots + DotsBytes, mins + LaneSums.Lanes, d * second, dMin * second, default), lanes);
                if (!TRows.AreDigits)
                {
                    StoreShort(others, lanes, y + yStride + done);
                }

                totals = TRows.AreDigits ? totals + others : totals;
            }

            StoreShort(totals, lanes, y + done);
        }

        return done;
    }

    /// <summary>Adds the lanes of each row in the order of <see cref="LaneSums.Total"/>, in which the lanes that are not there are
    /// zeros: the total is in the row's first lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> TotalsOfShort(Vector256<float> sums, int lanes)
    {
        Vector256<float> two = lanes > 2 ? sums + Avx.Permute(sums, 0b01_00_11_10) : sums;
        return lanes > 1 ? two + Avx.Permute(two, 0b10_11_00_01) : two;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreShort(Vector256<float> totals, int lanes, float* y)
    {
        if (lanes == 1)
        {
            totals.Store(y);
        }
        else if (lanes == 2)
        {
            (y[0], y[1], y[2], y[3]) = (totals[0], totals[2], totals[4], totals[6]);
        }
        else
        {
            (y[0], y[1]) = (totals[0], totals[4]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScales(Vector256<float> d, Vector256<float> dMin, byte* activations, float* scales)
    {
        Vector256<float> a = BlockScales.Floats(activations + ActivationRow.Scale256Offset, ActivationRow.Block256Bytes);
        (d * a).Store(scales);
        (dMin * a).Store(scales + LaneSums.Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddBlocks(byte* dots, Vector256<int>* mins, float* scales, Vector256<float> sum) =>
        AddBlocks(dots, mins, Vector256.Load(scales), Vector256.Load(scales + LaneSums.Lanes), sum);

    /// <summary>Adds eight blocks to their lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddBlocks(byte* dots, Vector256<int>* mins, Vector256<float> scales, Vector256<float> minScales,
        Vector256<float> sum)
    {
        sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(TLanes.DotsOfEight(dots)), scales, sum);
        return T.Form == BlockForm.Minimums
            ? Vector256.FusedMultiplyAdd(-Vector256.ConvertToSingle(TLanes.MinsOfEight(mins)), minScales, sum) : sum;
    }

    private static void Clear(byte* dots, Vector256<int>* mins, float* scales)
    {
        new Span<byte>(dots, 2 * DotsBytes).Clear();
        new Span<Vector256<int>>(mins, 2 * LaneSums.Lanes).Clear();
        new Span<float>(scales, 2 * ScaleFloats).Clear();
    }

    /// <summary>Products of the scales of fewer than eight blocks.</summary>
    private static void FewScales(byte* block, byte* activations, int count, float* scales)
    {
        for (int b = 0; b < count; b++)
        {
            float a = *(float*)(activations + (b * ActivationRow.Block256Bytes) + ActivationRow.Scale256Offset);
            scales[b] = T.D(block) * a;
            scales[LaneSums.Lanes + b] = T.Form == BlockForm.Minimums ? T.DMin(block) * a : 0;
            block += T.StagedBytes;
        }
    }
}
