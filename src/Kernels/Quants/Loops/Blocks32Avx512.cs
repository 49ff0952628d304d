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

    /// <summary>Whether bytes are packed as signed ones.</summary>
    private static bool AreSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue > 127 && !IsWide;
    }

    public static int MostSeveral => T.MostValue <= 31 ? 10 : 12; // panels are quicker beyond (docs/kernels.md)

    public static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4 * (AreSigned ? SignedQuads.QuadBytes : PanelLayout.QuadBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dots<TRows>(byte* eight, byte* x, long stride, out Vector256<int> second)
        where TRows : IActivationRows
    {
        Vector512<byte> w0, w1, w2, w3;
        if (T.HasHalves)
        {
            w0 = T.Halves512(eight, 0, out w1);
            w2 = T.Halves512(eight, 1, out w3);
        }
        else
        {
            (w0, w1, w2, w3) = (T.Bytes512(eight, 0), T.Bytes512(eight, 1), T.Bytes512(eight, 2), T.Bytes512(eight, 3));
        }

        second = TRows.AreTwo ? Dots(w0, w1, w2, w3, (sbyte*)x + stride) : default;
        return Dots(w0, w1, w2, w3, (sbyte*)x);
    }

    /// <summary>In halves, four blocks are two vectors, the columns of each in its quarter of either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dots(Vector512<byte> w0, Vector512<byte> w1, Vector512<byte> w2, Vector512<byte> w3, sbyte* x)
    {
        if (T.MostValue > 31)
        {
            Vector512<int> f0 = Fours(w0, x), f1 = Fours(w1, x + 64), f2 = Fours(w2, x + 128), f3 = Fours(w3, x + 192);
            return T.HasHalves ? LaneSums.OfLanes(f0 + f1, f2 + f3) : LaneSums.InOrder(LaneSums.OfHalves(f0, f1, f2, f3));
        }

        Vector512<short> p0 = Avx512BW.MultiplyAddAdjacent(w0, Vector512.Load(x)),
            p1 = Avx512BW.MultiplyAddAdjacent(w1, Vector512.Load(x + 64)),
            p2 = Avx512BW.MultiplyAddAdjacent(w2, Vector512.Load(x + 128)),
            p3 = Avx512BW.MultiplyAddAdjacent(w3, Vector512.Load(x + 192));
        return T.HasHalves ? LaneSums.OfLanes(p0 + p1, p2 + p3) : LaneSums.InOrder(LaneSums.OfHalves(p0, p1, p2, p3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Arrange(byte* x, byte* to)
    {
        for (int i = 0; i < 256; i += 128)
        {
            Vector512<long> first = Vector512.Load((long*)(x + i)), second = Vector512.Load((long*)(x + i + 64));
            Avx512F.Shuffle4x128(first, second, 0b10_00_10_00).Store((long*)(to + i));
            Avx512F.Shuffle4x128(first, second, 0b11_01_11_01).Store((long*)(to + i + 64));
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackPair(byte** rows, int pair, byte* panel, int* starts)
    {
        Vector512<byte>* bytes = stackalloc Vector512<byte>[PanelLayout.Rows];
        for (int r = 0; r < PanelLayout.Rows; r++)
        {
            bytes[r] = T.Bytes512(rows[r], pair) ^ Vector512.Create((byte)(IsWide ? 128 : 0));
        }

        if (!AreSigned)
        {
            Transpose.Store16((Vector512<int>*)bytes, panel, PanelLayout.QuadBytes, 16);
            return;
        }

        SignedQuads.Pack512(bytes, panel);
        SignedQuads.Starts512(panel, Vector512.Create((short)1)).Store(starts);
        SignedQuads.Starts512(panel + (2 * GroupBytes), Vector512.Create((short)1)).Store(starts + PanelLayout.Rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TTokens>(byte* panel, float* scales, int blocks, byte* x, byte* record, long stride, float* sums)
        where TTokens : IPanelTokens
    {
        // Once, up here: the inliner's patience ends before the last of many uses of a property.
        int most = T.MostValue, groupBytes = GroupBytes;
        bool wide = IsWide, signed = AreSigned, whole = most <= 15; // a block's products fit 16 bits together
        for (int b = 0; b < blocks; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            Vector512<int> sum0 = signed ? Vector512.Load((int*)(scales + PanelLayout.OffsetsOf)) : Start(r), sum1 = sum0, sum2 = sum0,
                sum3 = sum0;
            if (TTokens.AreFour && !signed)
            {
                (sum1, sum2, sum3) = (Start(r + stride), Start(r + (2 * stride)), Start(r + (3 * stride)));
            }

            if (wide)
            {
                AddWide<TTokens>(panel, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            }
            else if (signed)
            {
                SignedQuads.Add512<TTokens>(
                    panel, x, stride, Vector512.Create((short)1), ref sum0, ref sum1, ref sum2, ref sum3);
            }

            for (int half = 0; half < (wide || signed ? 0 : whole ? 1 : 2); half++)
            {
                byte* w = panel + (half * groupBytes), a = x + (16 * half);
                PanelDot512.Quads quads = PanelDot512.Quads.Load(w), more = quads;
                if (whole)
                {
                    more = PanelDot512.Quads.Load(w + groupBytes);
                }

                Vector512<short> one = Vector512.Create((short)1);
                sum0 = PanelDot512.Add(quads, more, whole, a, one, sum0, most);
                if (TTokens.AreFour)
                {
                    sum1 = PanelDot512.Add(quads, more, whole, a + stride, one, sum1, most);
                    sum2 = PanelDot512.Add(quads, more, whole, a + (2 * stride), one, sum2, most);
                    sum3 = PanelDot512.Add(quads, more, whole, a + (3 * stride), one, sum3, most);
                }
            }

            float* lane = sums + ((b & 7) * PanelLayout.Rows);
            Finish(scales, r, sum0, lane);
            if (TTokens.AreFour)
            {
                Finish(scales, r + stride, sum1, lane + 128);
                Finish(scales, r + (2 * stride), sum2, lane + 256);
                Finish(scales, r + (3 * stride), sum3, lane + 384);
            }

            panel += 2 * groupBytes;
            x += 32;
            scales += PanelLayout.Rows;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    /// <summary>Adds a block's products, formed by VNNI (its VEX form), which adds four products of bytes in 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWide<TTokens>(
        byte* panel, byte* x, long stride, ref Vector512<int> sum0, ref Vector512<int> sum1, ref Vector512<int> sum2,
        ref Vector512<int> sum3)
        where TTokens : IPanelTokens
    {
        RowInts wide0 = default, wide1 = default, wide2 = default, wide3 = default;
        RowQuads.AddWide<TTokens>(panel, x, stride, ref wide0, ref wide1, ref wide2, ref wide3);
        (sum0, sum1, sum2, sum3) = (sum0 + Whole(wide0), sum1 + Whole(wide1), sum2 + Whole(wide2), sum3 + Whole(wide3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Whole(in RowInts sums) => Avx512F.InsertVector256(sums.Low.ToVector512Unsafe(), sums.High, 1);

    /// <summary>−Bias·Σa in every row, where panels of signed bytes have 128 added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Start(byte* record) =>
        T.Bias == 0 && T.MostValue <= 127 ? Vector512<int>.Zero
            : Vector512.Create((T.MostValue > 127 ? -128 : -T.Bias) * *(int*)(record + ActivationRow.RecordSums));

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

    /// <summary>Products of signed bytes, added in fours: those of large unsigned ones do not fit 16 bits in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Fours(Vector512<byte> w, sbyte* x) =>
        Nibbles.Dot(Avx512BW.Abs(w.AsSByte()), Signs.Apply(Vector512.Load(x), w.AsSByte()));
}
