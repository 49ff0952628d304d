using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary><see cref="Blocks256Kernel{T, TLanes}"/> with AVX2.</summary>
internal unsafe struct Blocks256Avx2<T> : IBlocks256Lanes
    where T : IBlockSource
{
    private static bool IsSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Form == BlockForm.Signed;
    }

    public static int PackedBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelLayout.BlockBytes(4 * QuadBytes, T.HasWideGroups);
    }

    private static int QuadBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsSigned ? SignedQuads.QuadBytes : PanelLayout.QuadBytes;
    }

    public static int DotBytes => sizeof(Vector256<int>);

    public static bool TakesHalves => T.HasHalves;

    /// <summary>Quads whose products are added in 16 bits before they are scaled; their groups have the same scale.</summary>
    private static int QuadsPerSum
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            return T.MostValue <= 15 && T.HasWideGroups ? 8 : T.MostValue <= 31 ? 4 : T.MostValue <= 63 ? 2 : 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TRows>(byte* block, byte* x, long stride, byte* dot, Vector256<int>* mins)
        where TRows : IActivationRows
    {
        Vector256<short> low = Scales(block, out Vector256<short> high, out Vector256<short> min);
        DotSums even = default, odd = default;
        if (T.HasHalves)
        {
            AddHalves<TRows>(block, x, stride, low, 0, ref even, ref odd);
            AddHalves<TRows>(block, x + 64, stride, low, 1, ref even, ref odd);
            AddHalves<TRows>(block, x + 128, stride, low, 2, ref even, ref odd);
            AddHalves<TRows>(block, x + 192, stride, low, 3, ref even, ref odd);
        }
        else
        {
            even.Add<TRows>(T.Values256(block, 0), x, stride, Spread(low, 0));
            odd.Add<TRows>(T.Values256(block, 1), x + 32, stride, Spread(low, 1));
            even.Add<TRows>(T.Values256(block, 2), x + 64, stride, Spread(low, 2));
            odd.Add<TRows>(T.Values256(block, 3), x + 96, stride, Spread(low, 3));
            even.Add<TRows>(T.Values256(block, 4), x + 128, stride, Spread(high, 4));
            odd.Add<TRows>(T.Values256(block, 5), x + 160, stride, Spread(high, 5));
            even.Add<TRows>(T.Values256(block, 6), x + 192, stride, Spread(high, 6));
            odd.Add<TRows>(T.Values256(block, 7), x + 224, stride, Spread(high, 7));
        }

        Store(even.First + odd.First, min, x, dot, mins);
        if (TRows.AreTwo)
        {
            Store(even.Second + odd.Second, min, x + stride, dot + (LaneSums.Lanes * DotBytes), mins + LaneSums.Lanes);
        }
    }

    public static int MostSeveral => 16;

    /// <summary>Orders the values of 256 columns as <see cref="DotSeveral"/> takes them.</summary>
    public static void Arrange(byte* x, byte* to) => GroupLanes.Arrange(x, to, QuadsPerSum >= 4);

    /// <summary>What <see cref="Dot{TRows}"/> gives, for several rows of activations.</summary>
    /// <param name="block">Staged block.</param>
    /// <param name="x">A block of activations, its values arranged.</param>
    /// <param name="stride">Bytes to that of the next row.</param>
    /// <param name="count">Rows of activations.</param>
    /// <param name="dot">Lanes of a dot product; those of the next row lie eight behind.</param>
    /// <param name="mins">Those of the minimums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void DotSeveral(byte* block, byte* x, long stride, int count, Vector256<int>* dot, Vector256<int>* mins)
    {
        Vector256<short> low = Scales(block, out Vector256<short> high, out Vector256<short> min);
        Vector256<byte> v0 = T.Values256(block, 0), v1 = T.Values256(block, 1), v2 = T.Values256(block, 2), v3 = T.Values256(block, 3),
            v4 = T.Values256(block, 4), v5 = T.Values256(block, 5), v6 = T.Values256(block, 6), v7 = T.Values256(block, 7);
        if (QuadsPerSum >= 4)
        {
            GroupLanes.OfFour(ref v0, ref v1, ref v2, ref v3);
            GroupLanes.OfFour(ref v4, ref v5, ref v6, ref v7);
            Vector256<short> first = T.HasWideGroups ? Avx2.UnpackLow(low, low) : GroupLanes.SpreadEvenThenOdd(low),
                second = T.HasWideGroups ? Avx2.UnpackHigh(low, low) : GroupLanes.SpreadEvenThenOdd(high);
            for (; count > 0; count--, x += stride, dot += LaneSums.Lanes, mins += LaneSums.Lanes)
            {
                Vector256<short> a = Pairs(v0, x); // two chains in step (docs/kernels.md)
                Vector256<short> b = Pairs(v4, x + 128);
                Vector256<short> c = Pairs(v1, x + 32);
                Vector256<short> d = Pairs(v5, x + 160);
                a += c;
                b += d;
                c = Pairs(v2, x + 64);
                d = Pairs(v6, x + 192);
                a += c;
                b += d;
                c = Pairs(v3, x + 96);
                d = Pairs(v7, x + 224);
                a += c;
                b += d;
                Vector256<int> sum = Avx2.MultiplyAddAdjacent(a, first);
                Vector256<int> other = Avx2.MultiplyAddAdjacent(b, second);
                sum += other;
                Store(sum, min, x, (byte*)dot, mins);
            }

            return;
        }

        GroupLanes.OfTwo(ref v0, ref v1);
        GroupLanes.OfTwo(ref v2, ref v3);
        GroupLanes.OfTwo(ref v4, ref v5);
        GroupLanes.OfTwo(ref v6, ref v7);
        Vector256<short> s0 = OfTwo(low, 0), s1 = OfTwo(low, 1), s2 = OfTwo(high, 2), s3 = OfTwo(high, 3);
        for (; count > 0; count--, x += stride, dot += LaneSums.Lanes, mins += LaneSums.Lanes)
        {
            Vector256<int> a = Two(v0, v1, x, s0) + Two(v2, v3, x + 64, s1), b = Two(v4, v5, x + 128, s2) + Two(v6, v7, x + 192, s3);
            Store(a + b, min, x, (byte*)dot, mins);
        }
    }

    /// <summary>The scales of the first eight groups in either half of a vector; where groups are wide, there are no others.</summary>
    /// <param name="block">A block.</param>
    /// <param name="high">Those of the last eight groups, likewise.</param>
    /// <param name="min">The scales of its minimums.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Scales(byte* block, out Vector256<short> high, out Vector256<short> min)
    {
        if (T.HasWideGroups)
        {
            Vector128<short> eight = T.WideGroups(block, out Vector128<short> mins);
            min = mins.ToVector256();
            return high = Vector256.Create(eight, eight);
        }

        Vector256<short> scales = T.Groups(block, out min);
        high = Vector256.Create(scales.GetUpper(), scales.GetUpper());
        return Vector256.Create(scales.GetLower(), scales.GetLower());
    }

    /// <summary>The scales of columns 64·two to 64·two + 63 as <see cref="GroupLanes.OfTwo"/> orders them; two is a constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> OfTwo(Vector256<short> scales, int two)
    {
        int group = 4 * (two & 1);
        return T.HasWideGroups ? GroupLanes.Spread(scales, 2 * two, (2 * two) + 1, 2 * two, (2 * two) + 1)
            : GroupLanes.Spread(scales, group, group + 2, group + 1, group + 3);
    }

    /// <summary>Scaled products of 64 columns, which are added before where they fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two(Vector256<byte> v0, Vector256<byte> v1, byte* x, Vector256<short> scales) => QuadsPerSum == 2
        ? Avx2.MultiplyAddAdjacent(Pairs(v0, x) + Pairs(v1, x + 32), scales)
        : Avx2.MultiplyAddAdjacent(Pairs(v0, x), scales) + Avx2.MultiplyAddAdjacent(Pairs(v1, x + 32), scales);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> v, byte* x) => IsSigned
        ? Avx2.MultiplyAddAdjacent(Avx2.Abs(v.AsSByte()), Avx2.Sign(Vector256.Load((sbyte*)x), v.AsSByte()))
        : Avx2.MultiplyAddAdjacent(v, Vector256.Load((sbyte*)x));

    /// <summary>Adds wide groups 2·pair and 2·pair + 1: columns 0–15 of both, then columns 16–31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddHalves<TRows>(byte* block, byte* x, long stride, Vector256<short> scales, int pair, ref DotSums even,
        ref DotSums odd)
        where TRows : IActivationRows
    {
        Vector256<byte> lower = T.Halves256(block, pair, out Vector256<byte> upper);
        Vector256<short> each = Spread(scales, 2 * pair, (2 * pair) + 1);
        even.Add<TRows>(lower, x, stride, each);
        odd.Add<TRows>(upper, x + 32, stride, each);
    }

    /// <summary>The scale of columns 32·k to 32·k + 31, or those of either half; k is a constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Spread(Vector256<short> scales, int k) =>
        T.HasWideGroups ? Spread(scales, k, k) : Spread(scales, 2 * (k & 3), (2 * (k & 3)) + 1);

    /// <summary>Two of eight scales, each in a half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Spread(Vector256<short> scales, int first, int second)
    {
        const long Each = 0x0202020202020202;
        const long First16 = 0x0100010001000100;
        Vector256<byte> index = Vector256.Create(First16 + (Each * first), First16 + (Each * first), First16 + (Each * second),
            First16 + (Each * second)).AsByte();
        return Avx2.Shuffle(scales.AsByte(), index).AsInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> sum, Vector256<short> min, byte* x, byte* dot, Vector256<int>* mins)
    {
        if (IsSigned)
        {
            sum.Store((int*)dot);
            return;
        }

        Vector256<int> taken = T.HasWideGroups
            ? Sse2.MultiplyAddAdjacent(min.GetLower(), Vector128.Load((short*)(x + ActivationRow.WideSumsOffset))).ToVector256()
            : Avx2.MultiplyAddAdjacent(min, Vector256.Load((short*)(x + ActivationRow.SumsOffset)));
        (T.Form == BlockForm.Biased ? sum - taken : sum).Store((int*)dot);
        if (T.Form == BlockForm.Minimums)
        {
            *mins = taken;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotsOfEight(byte* dots) => LaneSums.OfEight256((Vector256<int>*)dots);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MinsOfEight(Vector256<int>* mins) => LaneSums.OfEight256(mins);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackBlock(byte** rows, byte* panel)
    {
        Vector256<byte>* bytes = stackalloc Vector256<byte>[PanelLayout.Rows];
        for (int k = 0; k < 8; k++)
        {
            for (int r = 0; r < PanelLayout.Rows; r++)
            {
                bytes[r] = Values(rows[r], k);
            }

            if (IsSigned)
            {
                SignedQuads.Pack(bytes, panel);
            }
            else
            {
                Transpose.Store16((Vector256<int>*)bytes, panel, QuadBytes);
            }

            panel += 8 * QuadBytes;
        }

        PackScales(rows, panel);
        if (IsSigned)
        {
            PackStarts(panel);
        }
    }

    /// <summary>What sums of signed bytes start at takes the place of minimums, which these do not have; their groups are wide.</summary>
    /// <param name="factors">Behind the block's quads.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackStarts(byte* factors)
    {
        RowInts starts = default;
        byte* w = factors - (64 * QuadBytes);
        for (int group = 0; group < 8; group++)
        {
            SignedQuads.AddStarts(w, Vector256.Load((short*)factors), Vector256.Load((short*)(factors + 32)), ref starts);
            w += 8 * QuadBytes;
            factors += PanelLayout.QuadBytes;
        }

        starts.Store((int*)factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TTokens>(byte* panel, int blocks, byte* x, long stride, float* sums)
        where TTokens : IPanelTokens
    {
        int quads = IsSigned ? 8 : QuadsPerSum;
        for (int b = 0; b < blocks; b++)
        {
            byte* factors = panel + (64 * QuadBytes);
            RowInts sum0 = IsSigned ? RowInts.Load((int*)(factors + PanelLayout.FactorBytes(T.HasWideGroups))) : default, sum1 = sum0,
                sum2 = sum0, sum3 = sum0;
            byte* a = x;
            for (int quad = 0; quad < 64; quad += quads)
            {
                AddQuads<TTokens>(panel, a, stride, Vector256.Load((short*)factors), Vector256.Load((short*)(factors + 32)), ref sum0,
                    ref sum1, ref sum2, ref sum3);
                a += 4 * quads;
                panel += quads * QuadBytes;
                factors += ((quad + quads) & (T.HasWideGroups ? 7 : 3)) == 0 ? PanelLayout.QuadBytes : 0;
            }

            float* lane = sums + (b * PanelLayout.Rows);
            Finish(factors, a, sum0, lane);
            if (TTokens.AreFour)
            {
                Finish(factors, a + stride, sum1, lane + 128);
                Finish(factors, a + (2 * stride), sum2, lane + 256);
                Finish(factors, a + (3 * stride), sum3, lane + 384);
            }

            x += ActivationRow.Block256Bytes;
            panel += PackedBytes - (64 * QuadBytes);
        }
    }

    /// <summary>The scale of a block of activations whose values end at <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(byte* x) =>
        Vector256.Create(*(float*)(x + ActivationRow.Scale256Offset - ActivationRow.SumsOffset));

    /// <summary>Adds the products of as many quads as fit 16 bits, times their factors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddQuads<TTokens>(byte* w, byte* a, long stride, Vector256<short> low, Vector256<short> high,
        ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        if (IsSigned)
        {
            SignedQuads.Add<TTokens>(w, a, stride, low, high, ref sum0, ref sum1, ref sum2, ref sum3);
            return;
        }

        if (QuadsPerSum > 2)
        {
            RowQuads.Sum<TTokens>(w, QuadsPerSum, a, stride, out RowShorts short0, out RowShorts short1, out RowShorts short2,
                out RowShorts short3);
            sum0.Add(short0, low, high);
            if (TTokens.AreFour)
            {
                sum1.Add(short1, low, high);
                sum2.Add(short2, low, high);
                sum3.Add(short3, low, high);
            }

            return;
        }

        Vector256<byte> w0 = Vector256.Load(w), w1 = Vector256.Load(w + 32);
        if (QuadsPerSum == 1)
        {
            sum0.Add(w0, w1, a, low, high);
            if (TTokens.AreFour)
            {
                sum1.Add(w0, w1, a + stride, low, high);
                sum2.Add(w0, w1, a + (2 * stride), low, high);
                sum3.Add(w0, w1, a + (3 * stride), low, high);
            }

            return;
        }

        Vector256<byte> w2 = Vector256.Load(w + 64), w3 = Vector256.Load(w + 96);
        sum0.Add(w0, w1, w2, w3, a, low, high);
        if (TTokens.AreFour)
        {
            sum1.Add(w0, w1, w2, w3, a + stride, low, high);
            sum2.Add(w0, w1, w2, w3, a + (2 * stride), low, high);
            sum3.Add(w0, w1, w2, w3, a + (3 * stride), low, high);
        }
    }

    /// <param name="mins">Minimums; scales follow.</param>
    /// <param name="x">Sums and scale of the block's activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(byte* mins, byte* x, RowInts sum, float* lane)
    {
        byte* of = T.HasWideGroups ? x + ActivationRow.WideSumsOffset - ActivationRow.SumsOffset : x;
        RowInts min = default;
        if (!IsSigned)
        {
            AddMins(mins, of, ref min);
        }

        if (!T.HasWideGroups)
        {
            AddMins(mins + (4 * PanelLayout.QuadBytes), of + 16, ref min);
        }

        float* scales = (float*)(mins + PanelLayout.MinBytes(T.HasWideGroups));
        Vector256<float> a = Scale(x);
        if (T.Form == BlockForm.Biased)
        {
            sum.Low -= min.Low;
            sum.High -= min.High;
        }

        RowFloats total = sum.AddedTo(lane, scales, a);
        if (T.Form == BlockForm.Minimums)
        {
            scales += PanelLayout.Rows;
            total.Low = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(min.Low), a * Vector256.Load(scales), total.Low);
            total.High = Fma.MultiplyAddNegated(Vector256.ConvertToSingle(min.High), a * Vector256.Load(scales + 8), total.High);
        }

        total.Store(lane);
    }

    /// <summary>Adds the minimums of eight groups times their sums of activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMins(byte* mins, byte* sums, ref RowInts min)
    {
        min.AddAt(mins, sums);
        min.AddAt(mins + PanelLayout.QuadBytes, sums + 4);
        min.AddAt(mins + (2 * PanelLayout.QuadBytes), sums + 8);
        min.AddAt(mins + (3 * PanelLayout.QuadBytes), sums + 12);
    }

    /// <summary>Factors, minimums and scales of sixteen rows.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackScales(byte** rows, byte* factors)
    {
        Vector256<int>* first = stackalloc Vector256<int>[PanelLayout.Rows];
        Vector256<int>* second = stackalloc Vector256<int>[PanelLayout.Rows];
        Vector256<int>* mins = stackalloc Vector256<int>[PanelLayout.Rows];
        byte* minsAt = factors + PanelLayout.FactorBytes(T.HasWideGroups);
        float* scales = (float*)(minsAt + PanelLayout.MinBytes(T.HasWideGroups));
        for (int r = 0; r < PanelLayout.Rows; r++)
        {
            if (T.HasWideGroups)
            {
                mins[r] = PanelLayout.WideTail<T>(rows[r], out Vector128<short> eight);
                first[r] = Twice(eight);
                continue;
            }

            Vector256<short> groups = T.Groups(rows[r], out Vector256<short> min);
            first[r] = Twice(groups.GetLower());
            second[r] = Twice(groups.GetUpper());
            mins[r] = min.AsInt32();
            scales[r] = T.D(rows[r]);
            scales[PanelLayout.Rows + r] = T.Form == BlockForm.Minimums ? T.DMin(rows[r]) : 0;
        }

        Transpose.Store16(first, factors, PanelLayout.QuadBytes);
        if (!T.HasWideGroups)
        {
            Transpose.Store16(second, factors + (8 * PanelLayout.QuadBytes), PanelLayout.QuadBytes);
        }

        Transpose.Store16(mins, minsAt, PanelLayout.QuadBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Twice(Vector128<short> groups) =>
        Vector256.Create(Sse2.UnpackLow(groups, groups), Sse2.UnpackHigh(groups, groups)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Values(byte* block, int k) => k switch
    {
        0 => T.Values256(block, 0),
        1 => T.Values256(block, 1),
        2 => T.Values256(block, 2),
        3 => T.Values256(block, 3),
        4 => T.Values256(block, 4),
        5 => T.Values256(block, 5),
        6 => T.Values256(block, 6),
        _ => T.Values256(block, 7),
    };

    /// <summary>Sums of scaled products in eight lanes, per row of activations.</summary>
    private struct DotSums
    {
        public Vector256<int> First, Second;

        /// <summary>Adds products of 32 columns times their scales.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<TRows>(Vector256<byte> v, byte* x, long stride, Vector256<short> each)
            where TRows : IActivationRows
        {
            First += Avx2.MultiplyAddAdjacent(Pairs(v, x), each);
            if (TRows.AreTwo)
            {
                Second += Avx2.MultiplyAddAdjacent(Pairs(v, x + stride), each);
            }
        }
    }
}
