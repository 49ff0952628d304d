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
        get => 4 * (AreSigned ? SignedQuads.QuadBytes : PanelLayout.QuadBytes);
    }

    public static int MostSeveral => T.MostValue <= 31 ? 12 : 16; // panels are quicker beyond (docs/kernels.md)

    /// <summary>Whether bytes are packed as signed ones.</summary>
    private static bool AreSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue > 127 && !TProducts.AreWide;
    }

    /// <summary>Whether the products of a block are added in 16 bits, at most 8·2·15·127; else those of half a one, 4·2·31·127.</summary>
    private static bool IsWhole
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue <= 15;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dots<TRows>(byte* eight, byte* x, long stride, out Vector256<int> second)
        where TRows : IActivationRows
    {
        if (T.MostValue > 31)
        {
            return LargeDots<TRows>(eight, (sbyte*)x, stride, out second);
        }

        return T.HasHalves ? HalfDots<TRows>(eight, (sbyte*)x, stride, out second)
            : WholeDots<TRows>(eight, (sbyte*)x, stride, out second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Arrange(byte* x, byte* to) => Nibbles.ArrangeHalves(x, to);

    /// <summary>A pair of blocks is two vectors, the columns of each in its half of either: sums of even blocks, then odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> HalfDots<TRows>(byte* eight, sbyte* x, long stride, out Vector256<int> second)
        where TRows : IActivationRows
    {
        Vector256<byte> a = T.Halves256(eight, 0, out Vector256<byte> upperA), b = T.Halves256(eight, 1, out Vector256<byte> upperB),
            c = T.Halves256(eight, 2, out Vector256<byte> upperC), d = T.Halves256(eight, 3, out Vector256<byte> upperD);
        second = default;
        if (TRows.AreTwo)
        {
            sbyte* y = x + stride;
            second = LaneSums.InOrder(OfFour(Two(a, upperA, y), Two(b, upperB, y + 64), Two(c, upperC, y + 128), Two(d, upperD, y + 192)));
        }

        return LaneSums.InOrder(OfFour(Two(a, upperA, x), Two(b, upperB, x + 64), Two(c, upperC, x + 128), Two(d, upperD, x + 192)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Two(Vector256<byte> lower, Vector256<byte> upper, sbyte* x) =>
        Avx2.MultiplyAddAdjacent(lower, Vector256.Load(x)) + Avx2.MultiplyAddAdjacent(upper, Vector256.Load(x + 32));

    /// <summary>A block is a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> WholeDots<TRows>(byte* eight, sbyte* x, long stride, out Vector256<int> second)
        where TRows : IActivationRows
    {
        Vector256<byte> w0 = T.Bytes256(eight, 0), w1 = T.Bytes256(eight, 1), w2 = T.Bytes256(eight, 2), w3 = T.Bytes256(eight, 3);
        Vector256<int> low = OfFour(w0, w1, w2, w3, x), secondLow = TRows.AreTwo ? OfFour(w0, w1, w2, w3, x + stride) : default;
        (w0, w1, w2, w3) = (T.Bytes256(eight, 4), T.Bytes256(eight, 5), T.Bytes256(eight, 6), T.Bytes256(eight, 7));
        second = TRows.AreTwo ? LaneSums.AddHalves(secondLow, OfFour(w0, w1, w2, w3, x + stride + 128)) : default;
        return LaneSums.AddHalves(low, OfFour(w0, w1, w2, w3, x + 128));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfFour(Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, sbyte* x) =>
        LaneSums.OfFour(Avx2.MultiplyAddAdjacent(w0, Vector256.Load(x)), Avx2.MultiplyAddAdjacent(w1, Vector256.Load(x + 32)),
            Avx2.MultiplyAddAdjacent(w2, Vector256.Load(x + 64)), Avx2.MultiplyAddAdjacent(w3, Vector256.Load(x + 96)));

    /// <summary>Signed bytes, in halves or not: products of large unsigned ones do not fit 16 bits in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LargeDots<TRows>(byte* eight, sbyte* x, long stride, out Vector256<int> second)
        where TRows : IActivationRows
    {
        Vector256<int> f0 = Fours<TRows>(eight, x, stride, 0, out Vector256<int> s0),
            f1 = Fours<TRows>(eight, x, stride, 1, out Vector256<int> s1),
            f2 = Fours<TRows>(eight, x, stride, 2, out Vector256<int> s2),
            f3 = Fours<TRows>(eight, x, stride, 3, out Vector256<int> s3);
        if (T.HasHalves)
        {
            second = TRows.AreTwo ? LaneSums.InOrder(LaneSums.OfFour(s0, s1, s2, s3)) : default;
            return LaneSums.InOrder(LaneSums.OfFour(f0, f1, f2, f3));
        }

        Vector256<int> low = LaneSums.OfFour(f0, f1, f2, f3), secondLow = TRows.AreTwo ? LaneSums.OfFour(s0, s1, s2, s3) : default;
        f0 = Fours<TRows>(eight, x, stride, 4, out s0);
        f1 = Fours<TRows>(eight, x, stride, 5, out s1);
        f2 = Fours<TRows>(eight, x, stride, 6, out s2);
        f3 = Fours<TRows>(eight, x, stride, 7, out s3);
        second = TRows.AreTwo ? LaneSums.AddHalves(secondLow, LaneSums.OfFour(s0, s1, s2, s3)) : default;
        return LaneSums.AddHalves(low, LaneSums.OfFour(f0, f1, f2, f3));
    }

    /// <summary>Four sums of four products fit 16 bits where bytes are at most 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> OfFour(Vector256<short> a, Vector256<short> b, Vector256<short> c, Vector256<short> d) =>
        T.MostValue <= 15 ? LaneSums.OfFour(a, b, c, d) : LaneSums.OfFourLarge(a, b, c, d);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackPair(byte** rows, int pair, byte* panel, int* starts)
    {
        Vector256<byte>* bytes = stackalloc Vector256<byte>[PanelLayout.Rows];
        for (int half = 0; half < 2; half++)
        {
            for (int r = 0; r < PanelLayout.Rows; r++)
            {
                bytes[r] = T.Bytes256(rows[r], (2 * pair) + half) ^ Vector256.Create((byte)(T.MostValue > 127 && !AreSigned ? 128 : 0));
            }

            if (AreSigned)
            {
                SignedQuads.Pack(bytes, panel);
                RowInts sums = default;
                SignedQuads.AddStarts(panel, Vector256.Create((short)1), Vector256.Create((short)1), ref sums);
                sums.Store(starts + (half * PanelLayout.Rows));
            }
            else
            {
                Transpose.Store16((Vector256<int>*)bytes, panel, PanelLayout.QuadBytes);
            }

            panel += 2 * GroupBytes;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TTokens>(byte* panel, float* scales, int blocks, byte* x, byte* record, long stride, float* sums)
        where TTokens : IPanelTokens
    {
        int* kept = stackalloc int[IsWhole ? 1 : 4 * PanelLayout.Rows];
        for (int b = 0; b < blocks; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            RowInts sum0, sum1, sum2, sum3;
            if (TProducts.AreWide)
            {
                Start<TTokens>(r, stride, out sum0, out sum1, out sum2, out sum3);
                RowQuads.AddWide<TTokens>(panel, x, stride, ref sum0, ref sum1, ref sum2, ref sum3);
            }
            else if (AreSigned)
            {
                sum0 = sum1 = sum2 = sum3 = RowInts.Load((int*)(scales + PanelLayout.OffsetsOf));
                Vector256<short> one = Vector256.Create((short)1);
                SignedQuads.Add<TTokens>(panel, x, stride, one, one, ref sum0, ref sum1, ref sum2, ref sum3);
            }
            else
            {
                RowQuads.Sum<TTokens>(panel, IsWhole ? 8 : 4, x, stride, out RowShorts short0, out RowShorts short1, out RowShorts short2,
                    out RowShorts short3);
                Start<TTokens>(r, stride, out sum0, out sum1, out sum2, out sum3);
                Widen<TTokens>(short0, short1, short2, short3, ref sum0, ref sum1, ref sum2, ref sum3);
                if (!IsWhole)
                {
                    // Both kinds of sums fill the registers: these give way, or products would.
                    Spill<TTokens>(kept, sum0, sum1, sum2, sum3);
                    RowQuads.Sum<TTokens>(panel + (4 * PanelLayout.QuadBytes), 4, x + 16, stride, out short0, out short1, out short2,
                        out short3);
                    Reload<TTokens>(kept, out sum0, out sum1, out sum2, out sum3);
                    Widen<TTokens>(short0, short1, short2, short3, ref sum0, ref sum1, ref sum2, ref sum3);
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

            panel += 2 * GroupBytes;
            x += 32;
            scales += PanelLayout.Rows;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    /// <summary>Adds sums of 16 bits to those of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen<TTokens>(in RowShorts short0, in RowShorts short1, in RowShorts short2, in RowShorts short3,
        ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        Vector256<short> one = Vector256.Create((short)1);
        sum0.Add(short0, one, one);
        if (TTokens.AreFour)
        {
            sum1.Add(short1, one, one);
            sum2.Add(short2, one, one);
            sum3.Add(short3, one, one);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spill<TTokens>(int* kept, in RowInts sum0, in RowInts sum1, in RowInts sum2, in RowInts sum3)
        where TTokens : IPanelTokens
    {
        sum0.Store(kept);
        if (TTokens.AreFour)
        {
            sum1.Store(kept + PanelLayout.Rows);
            sum2.Store(kept + (2 * PanelLayout.Rows));
            sum3.Store(kept + (3 * PanelLayout.Rows));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Reload<TTokens>(int* kept, out RowInts sum0, out RowInts sum1, out RowInts sum2, out RowInts sum3)
        where TTokens : IPanelTokens
    {
        sum0 = RowInts.Load(kept);
        sum1 = TTokens.AreFour ? RowInts.Load(kept + PanelLayout.Rows) : default;
        sum2 = TTokens.AreFour ? RowInts.Load(kept + (2 * PanelLayout.Rows)) : default;
        sum3 = TTokens.AreFour ? RowInts.Load(kept + (3 * PanelLayout.Rows)) : default;
    }

    /// <summary>What is taken off where bytes have a bias: sums start there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Start<TTokens>(
        byte* record, long stride, out RowInts sum0, out RowInts sum1, out RowInts sum2, out RowInts sum3)
        where TTokens : IPanelTokens
    {
        sum0 = sum1 = sum2 = sum3 = default;
        if (T.Bias == 0 && T.MostValue <= 127)
        {
            return;
        }

        sum0.Low = sum0.High = Start(record);
        if (TTokens.AreFour)
        {
            sum1.Low = sum1.High = Start(record + stride);
            sum2.Low = sum2.High = Start(record + (2 * stride));
            sum3.Low = sum3.High = Start(record + (3 * stride));
        }
    }

    /// <summary>−Bias·Σa, where panels of signed bytes have 128 added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Start(byte* record) =>
        Vector256.Create((T.MostValue > 127 ? -128 : -T.Bias) * *(int*)(record + ActivationRow.RecordSums));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* scales, byte* record, in RowInts sum, float* lane)
    {
        RowFloats total = sum.AddedTo(lane, scales, Vector256.Create(*(float*)record));
        if (T.HasOffsets)
        {
            Vector256<float> a = Vector256.Create(*(float*)(record + ActivationRow.RecordScaledSums));
            total.Low = Vector256.FusedMultiplyAdd(a, Vector256.Load(scales + PanelLayout.OffsetsOf), total.Low);
            total.High = Vector256.FusedMultiplyAdd(a, Vector256.Load(scales + PanelLayout.OffsetsOf + 8), total.High);
        }

        total.Store(lane);
    }

    /// <summary>Products of a block, or of a pair of them in halves, added in fours and eights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Fours<TRows>(byte* eight, sbyte* x, long stride, int block, out Vector256<int> second)
        where TRows : IActivationRows
    {
        if (T.HasHalves)
        {
            Vector256<sbyte> lower = T.Halves256(eight, block, out Vector256<byte> bytes).AsSByte(), upper = bytes.AsSByte();
            x += 64 * block;
            second = TRows.AreTwo ? Fours(lower, x + stride) + Fours(upper, x + stride + 32) : default;
            return Fours(lower, x) + Fours(upper, x + 32);
        }

        Vector256<sbyte> w = T.Bytes256(eight, block).AsSByte();
        second = TRows.AreTwo ? Fours(w, x + stride + (32 * block)) : default;
        return Fours(w, x + (32 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Fours(Vector256<sbyte> w, sbyte* x) => Nibbles.Dot(Avx2.Abs(w), Avx2.Sign(Vector256.Load(x), w));
}
