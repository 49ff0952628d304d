using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary><see cref="Blocks32Kernel{T, TLanes}"/> with AVX2 and, where <typeparamref name="TProducts"/> are wide, AVX-VNNI.</summary>
internal unsafe struct Blocks32Avx2<T, TProducts> : IBlocks32Lanes
    where T : IBlocksOf32
    where TProducts : IByteProducts
{
    public static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TProducts.AreWide ? 4 * PanelLayout.QuadBytes : PanelLayout.GroupBytes(T.MostValue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PerRow<Vector256<int>> Dots<TRows>(byte* eight, byte* x, long stride, int pairs)
        where TRows : IActivationRows
    {
        PerRow<Vector256<int>> low = OfFour<TRows>(eight, x, stride, 0, pairs), high = default;
        if (pairs > 2)
        {
            high = OfFour<TRows>(eight, x, stride, 4, pairs - 2);
        }

        PerRow<Vector256<int>> dots = default;
        dots.First = LaneSums.AddHalves(low.First, high.First);
        dots.Second = TRows.AreTwo ? LaneSums.AddHalves(low.Second, high.Second) : default;
        return dots;
    }

    /// <summary>Sums of the blocks from <paramref name="block"/> on, two or four, in either half of the vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PerRow<Vector256<int>> OfFour<TRows>(byte* eight, byte* x, long stride, int block, int pairs)
        where TRows : IActivationRows
    {
        PerRow<Vector256<int>> sums = default;
        if (T.MostValue <= 31)
        {
            PerRow<Vector256<short>> none = default, p0 = Pairs<TRows>(eight, x, stride, block),
                p1 = Pairs<TRows>(eight, x, stride, block + 1),
                p2 = pairs > 1 ? Pairs<TRows>(eight, x, stride, block + 2) : none,
                p3 = pairs > 1 ? Pairs<TRows>(eight, x, stride, block + 3) : none;
            sums.First = LaneSums.OfFour(p0.First, p1.First, p2.First, p3.First);
            sums.Second = TRows.AreTwo ? LaneSums.OfFour(p0.Second, p1.Second, p2.Second, p3.Second) : default;
            return sums;
        }

        PerRow<Vector256<int>> zero = default, f0 = Fours<TRows>(eight, x, stride, block), f1 = Fours<TRows>(eight, x, stride, block + 1),
            f2 = pairs > 1 ? Fours<TRows>(eight, x, stride, block + 2) : zero,
            f3 = pairs > 1 ? Fours<TRows>(eight, x, stride, block + 3) : zero;
        sums.First = LaneSums.OfFour(f0.First, f1.First, f2.First, f3.First);
        sums.Second = TRows.AreTwo ? LaneSums.OfFour(f0.Second, f1.Second, f2.Second, f3.Second) : default;
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackPair(byte** rows, int pair, byte* panel)
    {
        Vector256<byte>* bytes = stackalloc Vector256<byte>[PanelLayout.Rows];
        Vector256<byte>* low = stackalloc Vector256<byte>[PanelLayout.Rows];
        int planes = GroupBytes / (4 * PanelLayout.QuadBytes), stride = planes * PanelLayout.QuadBytes;
        for (int half = 0; half < 2; half++)
        {
            for (int r = 0; r < PanelLayout.Rows; r++)
            {
                bytes[r] = T.Bytes256(rows[r], (2 * pair) + half);
                if (planes > 1)
                {
                    low[r] = bytes[r] & Vector256.Create((byte)15);
                    bytes[r] = Vector256.ShiftRightLogical(bytes[r].AsUInt16(), 4).AsByte() & Vector256.Create((byte)15);
                }
            }

            Transpose.Store8((Vector256<int>*)bytes, panel, stride);
            Transpose.Store8((Vector256<int>*)bytes + 8, panel + 32, stride);
            if (planes > 1)
            {
                Transpose.Store8((Vector256<int>*)low, panel + PanelLayout.QuadBytes, stride);
                Transpose.Store8((Vector256<int>*)low + 8, panel + PanelLayout.QuadBytes + 32, stride);
            }

            panel += 2 * GroupBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4(byte* panel, float* scales, int blocks, byte* x, byte* record, long stride, float* sums)
    {
        int groupBytes = GroupBytes, planes = groupBytes / (4 * PanelLayout.QuadBytes), quadBytes = planes * PanelLayout.QuadBytes;
        int quads = QuadsPerSum, parts = 8 / quads;
        for (int b = 0; b < blocks; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            RowInts sum0 = Start(r), sum1 = Start(r + stride), sum2 = Start(r + (2 * stride)), sum3 = Start(r + (3 * stride));
            if (TProducts.AreWide)
            {
                byte* a = x;
                for (int q = 0; q < 8; q++)
                {
                    Vector256<byte> low = Vector256.Load(panel + (q * PanelLayout.QuadBytes)),
                        high = Vector256.Load(panel + (q * PanelLayout.QuadBytes) + 32);
                    sum0.AddWide(low, high, a);
                    sum1.AddWide(low, high, a + stride);
                    sum2.AddWide(low, high, a + (2 * stride));
                    sum3.AddWide(low, high, a + (3 * stride));
                    a += 4;
                }
            }

            for (int part = TProducts.AreWide ? parts * planes : 0; part < parts * planes; part++)
            {
                byte* w = planes > 1 ? panel + (part * PanelLayout.QuadBytes) : panel + (part * quads * quadBytes);
                byte* a = planes > 1 ? x : x + (part * quads * 4);
                RowShorts short0 = default, short1 = default, short2 = default, short3 = default;
                for (int q = 0; q < quads; q++)
                {
                    Vector256<byte> low = Vector256.Load(w), high = Vector256.Load(w + 32);
                    short0.Add(low, high, a);
                    short1.Add(low, high, a + stride);
                    short2.Add(low, high, a + (2 * stride));
                    short3.Add(low, high, a + (3 * stride));
                    w += quadBytes;
                    a += 4;
                }

                Vector256<short> factor = Vector256.Create(planes > 1 && part == 0 ? (short)16 : (short)1);
                sum0.Add(short0, factor, factor);
                sum1.Add(short1, factor, factor);
                sum2.Add(short2, factor, factor);
                sum3.Add(short3, factor, factor);
            }

            float* lane = sums + ((b & 7) * PanelLayout.Rows);
            Finish(scales, r, sum0, lane);
            Finish(scales, r + stride, sum1, lane + 128);
            Finish(scales, r + (2 * stride), sum2, lane + 256);
            Finish(scales, r + (3 * stride), sum3, lane + 384);
            panel += 2 * groupBytes;
            x += 32;
            scales += PanelLayout.Rows;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1(byte* panel, float* scales, int blocks, byte* x, byte* record, float* sums)
    {
        int groupBytes = GroupBytes, planes = groupBytes / (4 * PanelLayout.QuadBytes), quadBytes = planes * PanelLayout.QuadBytes;
        int quads = QuadsPerSum, parts = 8 / quads;
        for (int b = 0; b < blocks; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            RowInts sum = Start(r);
            for (int q = 0; TProducts.AreWide && q < 8; q++)
            {
                byte* w = panel + (q * PanelLayout.QuadBytes);
                sum.AddWide(Vector256.Load(w), Vector256.Load(w + 32), x + (4 * q));
            }

            for (int part = TProducts.AreWide ? parts * planes : 0; part < parts * planes; part++)
            {
                byte* w = planes > 1 ? panel + (part * PanelLayout.QuadBytes) : panel + (part * quads * quadBytes);
                byte* a = planes > 1 ? x : x + (part * quads * 4);
                RowShorts shorts = default;
                for (int q = 0; q < quads; q++)
                {
                    shorts.Add(Vector256.Load(w), Vector256.Load(w + 32), a);
                    w += quadBytes;
                    a += 4;
                }

                Vector256<short> factor = Vector256.Create(planes > 1 && part == 0 ? (short)16 : (short)1);
                sum.Add(shorts, factor, factor);
            }

            Finish(scales, r, sum, sums + ((b & 7) * PanelLayout.Rows));
            panel += 2 * groupBytes;
            x += 32;
            scales += PanelLayout.Rows;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    /// <summary>Quads whose products are added in 16 bits: at most 8·2·15·127 or 4·2·31·127.</summary>
    private static int QuadsPerSum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelLayout.PlaneMost(T.MostValue) <= 15 ? 8 : 4;
    }

    /// <summary>−Bias·Σa in every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static RowInts Start(byte* record)
    {
        RowInts sums = default;
        if (T.Bias != 0)
        {
            sums.Low = sums.High = Vector256.Create(-T.Bias * *(int*)(record + ActivationRow.RecordSums));
        }

        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* scales, byte* record, in RowInts sum, float* lane)
    {
        Finish(scales, record, sum.Low, lane);
        Finish(scales + 8, record, sum.High, lane + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* scales, byte* record, Vector256<int> sum, float* lane)
    {
        Vector256<float> scale = Vector256.Load(scales) * Vector256.Create(*(float*)record);
        Vector256<float> total = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(sum), scale, Vector256.Load(lane));
        if (T.HasOffsets)
        {
            Vector256<float> offsets = Vector256.Load(scales + PanelLayout.OffsetsOf);
            total = Vector256.FusedMultiplyAdd(offsets, Vector256.Create(*(float*)(record + ActivationRow.RecordScaledSums)), total);
        }

        total.Store(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PerRow<Vector256<short>> Pairs<TRows>(byte* eight, byte* x, long stride, int block)
        where TRows : IActivationRows
    {
        Vector256<byte> w = T.Bytes256(eight, block);
        PerRow<Vector256<short>> sums = default;
        sums.First = Avx2.MultiplyAddAdjacent(w, Vector256.Load((sbyte*)x + (32 * block)));
        if (TRows.AreTwo)
        {
            sums.Second = Avx2.MultiplyAddAdjacent(w, Vector256.Load((sbyte*)x + stride + (32 * block)));
        }

        return sums;
    }

    /// <summary>Products of a block, added in fours; of signed bytes, since those of large unsigned ones do not fit 16 bits in
    /// pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PerRow<Vector256<int>> Fours<TRows>(byte* eight, byte* x, long stride, int block)
        where TRows : IActivationRows
    {
        Vector256<sbyte> w = (T.Bytes256(eight, block) ^ Vector256.Create((byte)T.Bias)).AsSByte();
        PerRow<Vector256<int>> sums = default;
        sums.First = Nibbles.Dot(Avx2.Abs(w), Avx2.Sign(Vector256.Load((sbyte*)x + (32 * block)), w));
        if (TRows.AreTwo)
        {
            sums.Second = Nibbles.Dot(Avx2.Abs(w), Avx2.Sign(Vector256.Load((sbyte*)x + stride + (32 * block)), w));
        }

        return sums;
    }
}
