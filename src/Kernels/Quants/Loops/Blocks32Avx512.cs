using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary><see cref="Blocks32Kernel{T, TLanes}"/> with AVX-512.</summary>
internal unsafe struct Blocks32Avx512<T> : IBlocks32Lanes
    where T : IBlocksOf32
{
    /// <summary>Large bytes stay whole where there is an instruction that adds their products in 32 bits.</summary>
    private static bool IsWide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue > 127 && AvxVnni.IsSupported;
    }

    public static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsWide ? 4 * PanelLayout.QuadBytes : PanelLayout.GroupBytes(T.MostValue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PerRow<Vector256<int>> Dots<TRows>(byte* eight, byte* x, long stride, int pairs)
        where TRows : IActivationRows
    {
        PerRow<Vector256<int>> dots = default;
        if (T.MostValue <= 31)
        {
            PerRow<Vector512<short>> none = default, p0 = Pairs<TRows>(eight, x, stride, 0),
                p1 = pairs > 1 ? Pairs<TRows>(eight, x, stride, 1) : none, p2 = pairs > 2 ? Pairs<TRows>(eight, x, stride, 2) : none,
                p3 = pairs > 3 ? Pairs<TRows>(eight, x, stride, 3) : none;
            dots.First = InOrder(LaneSums.OfHalves(p0.First, p1.First, p2.First, p3.First));
            dots.Second = TRows.AreTwo ? InOrder(LaneSums.OfHalves(p0.Second, p1.Second, p2.Second, p3.Second)) : default;
            return dots;
        }

        PerRow<Vector512<int>> zero = default, f0 = Fours<TRows>(eight, x, stride, 0),
            f1 = pairs > 1 ? Fours<TRows>(eight, x, stride, 1) : zero, f2 = pairs > 2 ? Fours<TRows>(eight, x, stride, 2) : zero,
            f3 = pairs > 3 ? Fours<TRows>(eight, x, stride, 3) : zero;
        dots.First = InOrder(LaneSums.OfHalves(f0.First, f1.First, f2.First, f3.First));
        dots.Second = TRows.AreTwo ? InOrder(LaneSums.OfHalves(f0.Second, f1.Second, f2.Second, f3.Second)) : default;
        return dots;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> InOrder(Vector256<int> evenFirst) =>
        Avx2.PermuteVar8x32(evenFirst, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackPair(byte** rows, int pair, byte* panel)
    {
        Vector512<byte>* bytes = stackalloc Vector512<byte>[PanelLayout.Rows];
        for (int r = 0; r < PanelLayout.Rows; r++)
        {
            bytes[r] = T.Bytes512(rows[r], pair);
        }

        PanelDot512.Pack(bytes, panel, GroupBytes / 256);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4(byte* panel, float* scales, int blocks, byte* x, byte* record, long stride, float* sums)
    {
        // Once, up here: the inliner's patience ends before the last of many uses of a property.
        int most = PanelLayout.PlaneMost(T.MostValue), groupBytes = GroupBytes, planes = groupBytes / 256;
        bool wide = IsWide;
        for (int b = 0; b < blocks; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            Vector512<int> sum0 = Start(r), sum1 = Start(r + stride), sum2 = Start(r + (2 * stride)), sum3 = Start(r + (3 * stride));
            if (wide)
            {
                WideSums wide0 = default, wide1 = default, wide2 = default, wide3 = default;
                for (int quad = 0; quad < 8; quad++)
                {
                    Vector256<byte> low = Vector256.Load(panel), high = Vector256.Load(panel + 32);
                    wide0.Add(low, high, x);
                    wide1.Add(low, high, x + stride);
                    wide2.Add(low, high, x + (2 * stride));
                    wide3.Add(low, high, x + (3 * stride));
                    panel += 64;
                    x += 4;
                }

                (sum0, sum1, sum2, sum3) = (sum0 + wide0.Rows, sum1 + wide1.Rows, sum2 + wide2.Rows, sum3 + wide3.Rows);
            }

            for (int half = wide ? 2 : 0; half < 2; half++)
            {
                for (int plane = 0; plane < planes; plane++)
                {
                    PanelDot512.Quads w = PanelDot512.Quads.Load(panel + (64 * plane), groupBytes / 4);
                    Vector512<short> factor = Vector512.Create(planes > 1 && plane == 0 ? (short)16 : (short)1);
                    sum0 = PanelDot512.Add(w, x, factor, sum0, most);
                    sum1 = PanelDot512.Add(w, x + stride, factor, sum1, most);
                    sum2 = PanelDot512.Add(w, x + (2 * stride), factor, sum2, most);
                    sum3 = PanelDot512.Add(w, x + (3 * stride), factor, sum3, most);
                }

                panel += groupBytes;
                x += 16;
            }

            float* lane = sums + ((b & 7) * 16);
            Finish(scales, r, sum0, lane);
            Finish(scales, r + stride, sum1, lane + 128);
            Finish(scales, r + (2 * stride), sum2, lane + 256);
            Finish(scales, r + (3 * stride), sum3, lane + 384);
            scales += 16;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1(byte* panel, float* scales, int blocks, byte* x, byte* record, float* sums)
    {
        int most = PanelLayout.PlaneMost(T.MostValue), groupBytes = GroupBytes, planes = groupBytes / 256;
        bool wide = IsWide;
        for (int b = 0; b < blocks; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            Vector512<int> sum = Start(r);
            if (wide)
            {
                WideSums sums32 = default;
                for (int quad = 0; quad < 8; quad++)
                {
                    sums32.Add(Vector256.Load(panel), Vector256.Load(panel + 32), x);
                    panel += 64;
                    x += 4;
                }

                sum += sums32.Rows;
            }

            for (int half = wide ? 2 : 0; half < 2; half++)
            {
                for (int plane = 0; plane < planes; plane++)
                {
                    PanelDot512.Quads w = PanelDot512.Quads.Load(panel + (64 * plane), groupBytes / 4);
                    Vector512<short> factor = Vector512.Create(planes > 1 && plane == 0 ? (short)16 : (short)1);
                    sum = PanelDot512.Add(w, x, factor, sum, most);
                }

                panel += groupBytes;
                x += 16;
            }

            Finish(scales, r, sum, sums + ((b & 7) * 16));
            scales += 16;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    /// <summary>−Bias·Σa in every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Start(byte* record) =>
        T.Bias == 0 ? Vector512<int>.Zero : Vector512.Create(-T.Bias * *(int*)(record + ActivationRow.RecordSums));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* scales, byte* record, Vector512<int> sum, float* lane)
    {
        Vector512<float> scale = Vector512.Load(scales) * Vector512.Create(*(float*)record);
        Vector512<float> total = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(sum), scale, Vector512.Load(lane));
        if (T.HasOffsets)
        {
            total = Vector512.FusedMultiplyAdd(Vector512.Load(scales + PanelLayout.OffsetsOf),
                Vector512.Create(*(float*)(record + ActivationRow.RecordScaledSums)), total);
        }

        total.Store(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PerRow<Vector512<short>> Pairs<TRows>(byte* eight, byte* x, long stride, int pair)
        where TRows : IActivationRows
    {
        Vector512<byte> w = T.Bytes512(eight, pair);
        PerRow<Vector512<short>> sums = default;
        sums.First = Avx512BW.MultiplyAddAdjacent(w, Vector512.Load((sbyte*)x + (64 * pair)));
        if (TRows.AreTwo)
        {
            sums.Second = Avx512BW.MultiplyAddAdjacent(w, Vector512.Load((sbyte*)x + stride + (64 * pair)));
        }

        return sums;
    }

    /// <summary>Products of two blocks, added in fours; of signed bytes, since those of large unsigned ones do not fit 16 bits in
    /// pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PerRow<Vector512<int>> Fours<TRows>(byte* eight, byte* x, long stride, int pair)
        where TRows : IActivationRows
    {
        Vector512<sbyte> w = (T.Bytes512(eight, pair) ^ Vector512.Create((byte)T.Bias)).AsSByte();
        PerRow<Vector512<int>> sums = default;
        sums.First = Nibbles.Dot(Avx512BW.Abs(w), Signs.Apply(Vector512.Load((sbyte*)x + (64 * pair)), w));
        if (TRows.AreTwo)
        {
            sums.Second = Nibbles.Dot(Avx512BW.Abs(w), Signs.Apply(Vector512.Load((sbyte*)x + stride + (64 * pair)), w));
        }

        return sums;
    }

    /// <summary>Sums of sixteen rows, formed by the instruction (VEX form of VNNI) that adds four products of bytes in 32 bits.</summary>
    private struct WideSums
    {
        private Vector256<int> _low, _high;

        public readonly Vector512<int> Rows
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Avx512F.InsertVector256(_low.ToVector512Unsafe(), _high, 1);
        }

        /// <summary>Adds four columns: rows 0–7, rows 8–15, and the activations at <paramref name="x"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector256<byte> low, Vector256<byte> high, byte* x)
        {
            Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
            _low = AvxVnni.MultiplyWideningAndAdd(_low, low, a);
            _high = AvxVnni.MultiplyWideningAndAdd(_high, high, a);
        }
    }
}
