using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary><see cref="Blocks256Kernel{T, TLanes}"/> with AVX-512.</summary>
internal unsafe struct Blocks256Avx512<T> : IBlocks256Lanes
    where T : IBlockSource
{
    private static bool IsSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Form == BlockForm.Signed;
    }

    private static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4 * (IsSigned ? SignedQuads.QuadBytes : PanelLayout.QuadBytes);
    }

    public static int MostSeveral => T.MostValue is > 31 and <= 127 ? 12 : 10; // panels are quicker beyond (docs/kernels.md)

    public static int DotBytes => sizeof(Vector512<int>);

    /// <summary>Bytes of the quads of a block.</summary>
    private static int QuadsBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16 * GroupBytes;
    }

    public static int PackedBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelLayout.BlockBytes(GroupBytes, T.HasWideGroups);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot<TRows>(byte* block, byte* x, long stride, byte* dot, Vector256<int>* mins)
        where TRows : IActivationRows
    {
        Vector256<short> scales = T.Groups(block, out Vector256<short> min);
        DotSums even = default, odd = default;
        even.Add<TRows>(T.Values512(block, 0), x, stride, Spread(scales, 0));
        odd.Add<TRows>(T.Values512(block, 1), x + 64, stride, Spread(scales, 4));
        even.Add<TRows>(T.Values512(block, 2), x + 128, stride, Spread(scales, 8));
        odd.Add<TRows>(T.Values512(block, 3), x + 192, stride, Spread(scales, 12));
        Store(even.First + odd.First, min, x, dot, mins);
        if (TRows.AreTwo)
        {
            Store(even.Second + odd.Second, min, x + stride, dot + (LaneSums.Lanes * DotBytes), mins + LaneSums.Lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<int> sum, Vector256<short> min, byte* x, byte* dot, Vector256<int>* mins)
    {
        if (!IsSigned)
        {
            Vector256<int> taken = Avx2.MultiplyAddAdjacent(min, Vector256.Load((short*)(x + ActivationRow.SumsOffset)));
            if (T.Form == BlockForm.Biased)
            {
                sum -= taken.ToVector512();
            }
            else
            {
                *mins = taken;
            }
        }

        sum.Store((int*)dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotsOfEight(byte* dots) => LaneSums.OfEight((Vector512<int>*)dots);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MinsOfEight(Vector256<int>* mins) => LaneSums.OfEight(mins);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TTokens>(byte* panel, int blocks, byte* x, long stride, float* sums)
        where TTokens : IPanelTokens
    {
        // Once, up here: the inliner's patience ends before the last of many uses of a property.
        int most = T.MostValue, groupBytes = GroupBytes, quadsBytes = QuadsBytes, packedBytes = PackedBytes;
        int step = T.HasWideGroups && (IsSigned || most <= 15) ? 2 : 1; // groups of one scale, of which two fit 16 bits, or are signed
        for (int b = 0; b < blocks; b++)
        {
            byte* factors = panel + quadsBytes;
            Vector512<int> sum0 = IsSigned ? Vector512.Load((int*)(factors + PanelLayout.FactorBytes(T.HasWideGroups))) : default,
                sum1 = sum0, sum2 = sum0, sum3 = sum0;
            byte* w = panel;
            for (int g = 0; g < 16; g += step)
            {
                Vector512<short> factor = Vector512.Load((short*)factors);
                if (IsSigned)
                {
                    SignedQuads.Add512<TTokens>(w, x, stride, factor, ref sum0, ref sum1, ref sum2, ref sum3);
                }
                else
                {
                    PanelDot512.Quads quads = PanelDot512.Quads.Load(w), more = quads;
                    if (step == 2)
                    {
                        more = PanelDot512.Quads.Load(w + groupBytes);
                    }

                    sum0 = PanelDot512.Add(quads, more, step == 2, x, factor, sum0, most);
                    if (TTokens.AreFour)
                    {
                        sum1 = PanelDot512.Add(quads, more, step == 2, x + stride, factor, sum1, most);
                        sum2 = PanelDot512.Add(quads, more, step == 2, x + (2 * stride), factor, sum2, most);
                        sum3 = PanelDot512.Add(quads, more, step == 2, x + (3 * stride), factor, sum3, most);
                    }
                }

                w += step * groupBytes;
                factors += !T.HasWideGroups || ((g + step) & 1) == 0 ? PanelLayout.QuadBytes : 0;
                x += 16 * step;
            }

            float* lane = sums + (b * PanelLayout.Rows);
            Finish(factors, x, sum0, lane);
            if (TTokens.AreFour)
            {
                Finish(factors, x + stride, sum1, lane + 128);
                Finish(factors, x + (2 * stride), sum2, lane + 256);
                Finish(factors, x + (3 * stride), sum3, lane + 384);
            }

            x += ActivationRow.Block256Bytes - 256;
            panel += packedBytes;
        }
    }

    /// <param name="mins">Minimums; scales follow.</param>
    /// <param name="x">Sums and scale of the block's activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(byte* mins, byte* x, Vector512<int> sum, float* lane)
    {
        byte* of = T.HasWideGroups ? x + ActivationRow.WideSumsOffset - ActivationRow.SumsOffset : x;
        Vector512<int> min = IsSigned ? default : Pair(mins, of, 0) + Pair(mins, of, 1) + (Pair(mins, of, 2) + Pair(mins, of, 3));
        if (!T.HasWideGroups)
        {
            min += Pair(mins, of, 4) + Pair(mins, of, 5) + (Pair(mins, of, 6) + Pair(mins, of, 7));
        }

        float* scales = (float*)(mins + PanelLayout.MinBytes(T.HasWideGroups));
        Vector512<float> a = Vector512.Create(*(float*)(x + ActivationRow.Scale256Offset - ActivationRow.SumsOffset));
        Vector512<int> dot = T.Form == BlockForm.Biased ? sum - min : sum;
        Vector512<float> total = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dot), Vector512.Load(scales) * a,
            Vector512.Load(lane));
        if (T.Form == BlockForm.Minimums)
        {
            total = Vector512.FusedMultiplyAdd(-Vector512.ConvertToSingle(min), Vector512.Load(scales + 16) * a, total);
        }

        total.Store(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Pair(byte* mins, byte* sums, int p) =>
        Avx512BW.MultiplyAddAdjacent(Vector512.Load((short*)(mins + (64 * p))), Vector512.Create(*(int*)(sums + (4 * p))).AsInt16());

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackBlock(byte** row, byte* panel)
    {
        Vector512<byte>* words = stackalloc Vector512<byte>[PanelLayout.Rows];
        for (int k = 0; k < 4; k++)
        {
            for (int r = 0; r < 16; r++)
            {
                byte* block = row[r];
                Vector512<byte> values = k switch
                {
                    0 => T.Values512(block, 0),
                    1 => T.Values512(block, 1),
                    2 => T.Values512(block, 2),
                    _ => T.Values512(block, 3)
                };
                words[r] = values;
            }

            byte* to = panel + (4 * k * GroupBytes);
            if (IsSigned)
            {
                SignedQuads.Pack512(words, to);
            }
            else
            {
                Transpose.Store16((Vector512<int>*)words, to, PanelLayout.QuadBytes, 16);
            }
        }

        byte* factors = panel + QuadsBytes;
        byte* minsAt = factors + PanelLayout.FactorBytes(T.HasWideGroups);
        float* scales = (float*)(minsAt + PanelLayout.MinBytes(T.HasWideGroups));
        Vector256<int>* mins = stackalloc Vector256<int>[16];
        for (int r = 0; r < 16; r++)
        {
            if (T.HasWideGroups)
            {
                mins[r] = PanelLayout.WideTail<T>(row[r], out Vector128<short> eight);
                Vector256<int> wide32 = Avx2.ConvertToVector256Int32(eight.AsUInt16());
                words[r] = (wide32 | Vector256.ShiftLeft(wide32, 16)).AsByte().ToVector512();
                continue;
            }

            Vector256<short> groups = T.Groups(row[r], out Vector256<short> min);
            Vector512<uint> words32 = Avx512F.ConvertToVector512UInt32(groups.AsUInt16());
            words[r] = (words32 | Vector512.ShiftLeft(words32, 16)).AsByte();
            mins[r] = min.AsInt32();
            scales[r] = T.D(row[r]);
            scales[16 + r] = T.Form == BlockForm.Minimums ? T.DMin(row[r]) : 0;
        }

        Transpose.Store16((Vector512<int>*)words, factors, 64, T.HasWideGroups ? 8 : 16);
        for (int r = 0; r < 16; r++)
        {
            words[r] = mins[r].ToVector512().AsByte();
        }

        Transpose.Store16((Vector512<int>*)words, minsAt, 64, 8);
        if (IsSigned)
        {
            PackStarts(factors);
        }
    }

    /// <summary>What sums of signed bytes start at takes the place of minimums, which these do not have; their groups are wide.</summary>
    /// <param name="factors">Behind the block's quads.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackStarts(byte* factors)
    {
        Vector512<int> starts = default;
        byte* w = factors - QuadsBytes;
        for (int group = 0; group < 8; group++)
        {
            starts += SignedQuads.Starts512(w, Vector512.Load((short*)factors));
            w += 2 * GroupBytes;
            factors += PanelLayout.QuadBytes;
        }

        starts.Store((int*)factors);
    }

    /// <summary>Four scales, eight lanes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Spread(Vector256<short> scales, int g) =>
        Avx512BW.PermuteVar32x16(scales.ToVector512Unsafe(), Nibbles.Lanes(g, g + 1, g + 2, g + 3));

    /// <summary>Sums of scaled products in sixteen lanes, per row of activations.</summary>
    private struct DotSums
    {
        public Vector512<int> First, Second;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add<TRows>(Vector512<byte> v, byte* x, long stride, Vector512<short> scales)
            where TRows : IActivationRows
        {
            First += Scaled(v, (sbyte*)x, scales);
            if (TRows.AreTwo)
            {
                Second += Scaled(v, (sbyte*)x + stride, scales);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> Scaled(Vector512<byte> v, sbyte* values, Vector512<short> scales)
        {
            Vector512<sbyte> a = Vector512.Load(values);
            return Avx512BW.MultiplyAddAdjacent(
                IsSigned ? Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(v.AsSByte()), Signs.Apply(a, v.AsSByte()))
                    : Avx512BW.MultiplyAddAdjacent(v, a), scales);
        }
    }
}
