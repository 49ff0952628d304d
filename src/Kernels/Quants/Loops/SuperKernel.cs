using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The kernel of types with blocks of 256 columns and scales within.</summary>
internal unsafe struct SuperKernel<T> : IPanelKernel
    where T : ISuperSource
{
    private const int PanelColumns = PanelLoop<SuperKernel<T>>.PanelColumns;
    private const int MostBlocks = PanelColumns / 256;
    private const int MostShort = 4; // blocks of a row of which several are multiplied at once
    private const int FactorsOf = 16 * 64; // sixteen groups of sixteen rows, each factor twice
    private const int MinsOf = 8 * 64; // eight pairs of groups
    private const int ScalesOf = 2 * 64; // d and dMin

    public static int PanelBytes => MostBlocks * PackedBytes;

    /// <summary>Lines, factors, minimums and scales of a block of sixteen rows.</summary>
    private static int PackedBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => LineBytes + FactorsOf + MinsOf + ScalesOf;
    }

    private static int LineBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16 * PanelDot.GroupBytes(T.MostValue);
    }

    private static bool HasMins
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Form != SuperBlockForm.Signed;
    }

    public static long RowBytes(int columns) => (long)columns / 256 * T.BlockBytes;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* weights, int rows, int columns, byte* activations, float* y)
    {
        int done = columns <= MostShort * 256 ? ShortRows(weights, rows, columns / 256, activations, y) : 0;
        for (int r = done; r < rows; r++)
        {
            y[r] = Row(weights + (r * RowBytes(columns)), columns, activations);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Row(byte* weights, int columns, byte* activations)
    {
        byte* buffer = stackalloc byte[T.StagedBytes == T.BlockBytes ? 64 : (LaneSums.Lanes * T.StagedBytes) + 64];
        Vector512<int>* dots = stackalloc Vector512<int>[LaneSums.Lanes];
        Vector256<int>* mins = stackalloc Vector256<int>[LaneSums.Lanes];
        float* scales = stackalloc float[2 * LaneSums.Lanes];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        Vector256<float> sum = default;
        for (int left = columns / 256; left > 0; left -= LaneSums.Lanes)
        {
            int count = Math.Min(left, LaneSums.Lanes);
            byte* block = T.Stage(weights, count, buffer);
            if (count == LaneSums.Lanes)
            {
                Vector256<float> a = StepScales.Floats(activations + ActivationRow.Scale256Offset, ActivationRow.Block256Bytes);
                Vector256<float> d = T.Scales(block, out Vector256<float> dMin);
                (d * a).Store(scales);
                (dMin * a).Store(scales + LaneSums.Lanes);
            }
            else
            {
                Clear(dots, mins, scales);
                FewScales(block, activations, count, scales);
            }

            for (int b = 0; b < count; b++)
            {
                RowPrefetch.Ahead(weights + (b * T.BlockBytes), T.BlockBytes);
                dots[b] = Dot(block, activations, out mins[b]);
                block += T.StagedBytes;
                activations += ActivationRow.Block256Bytes;
            }

            weights += count * T.BlockBytes;
            sum = AddBlocks(dots, mins, Vector256.Load(scales), Vector256.Load(scales + LaneSums.Lanes), sum);
        }

        return LaneSums.Total(sum);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* weights, int rows, int columns, int column, int count, byte* panel)
    {
        int blocks = count / 256;
        byte* buffer = stackalloc byte[T.StagedBytes == T.BlockBytes ? 64 : (16 * T.StagedBytes) + 64];
        byte** row = stackalloc byte*[16];
        Vector512<byte>* words = stackalloc Vector512<byte>[16];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        long rowBytes = RowBytes(columns);
        weights += (long)column / 256 * T.BlockBytes;
        for (int b = 0; b < blocks; b++)
        {
            for (int r = 0; r < 16; r++)
            {
                row[r] = T.Stage(weights + (Math.Min(r, rows - 1) * rowBytes) + (b * T.BlockBytes), 1, buffer + (r * T.StagedBytes));
            }

            PackBlock(row, words, panel);
            panel += PackedBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4(byte* panel, int columns, int column, int count, byte* activations, long stride, float* sums)
    {
        // Once, up here: the inliner's patience ends before the last of many uses of a property.
        int most = PlaneMost, groupBytes = PanelDot.GroupBytes(T.MostValue), planes = groupBytes / 256, lineBytes = LineBytes, packedBytes = PackedBytes;
        byte* x = activations + ((long)column / 256 * ActivationRow.Block256Bytes);
        for (int b = 0; b < count / 256; b++)
        {
            Vector512<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            byte* factors = panel + lineBytes;
            byte* w = panel;
            for (int g = 0; g < 16; g++)
            {
                for (int plane = 0; plane < planes; plane++)
                {
                    PanelDot.Lines lines = PanelDot.Lines.Load(w + (64 * plane), groupBytes / 4);
                    Vector512<short> factor = Factor(factors, plane);
                    sum0 = PanelDot.Add(lines, x, factor, sum0, most);
                    sum1 = PanelDot.Add(lines, x + stride, factor, sum1, most);
                    sum2 = PanelDot.Add(lines, x + (2 * stride), factor, sum2, most);
                    sum3 = PanelDot.Add(lines, x + (3 * stride), factor, sum3, most);
                }

                w += groupBytes;
                factors += 64;
                x += 16;
            }

            float* lane = sums + ((b & 7) * 16);
            Finish(factors, x, sum0, lane);
            Finish(factors, x + stride, sum1, lane + 128);
            Finish(factors, x + (2 * stride), sum2, lane + 256);
            Finish(factors, x + (3 * stride), sum3, lane + 384);
            x += ActivationRow.Block256Bytes - 256;
            panel += packedBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1(byte* panel, int columns, int column, int count, byte* activations, float* sums)
    {
        int most = PlaneMost, groupBytes = PanelDot.GroupBytes(T.MostValue), planes = groupBytes / 256, lineBytes = LineBytes, packedBytes = PackedBytes;
        byte* x = activations + ((long)column / 256 * ActivationRow.Block256Bytes);
        for (int b = 0; b < count / 256; b++)
        {
            Vector512<int> sum = default;
            byte* factors = panel + lineBytes;
            byte* w = panel;
            for (int g = 0; g < 16; g++)
            {
                for (int plane = 0; plane < planes; plane++)
                {
                    PanelDot.Lines lines = PanelDot.Lines.Load(w + (64 * plane), groupBytes / 4);
                    sum = PanelDot.Add(lines, x, Factor(factors, plane), sum, most);
                }

                w += groupBytes;
                factors += 64;
                x += 16;
            }

            Finish(factors, x, sum, sums + ((b & 7) * 16));
            x += ActivationRow.Block256Bytes - 256;
            panel += packedBytes;
        }
    }

    private static int PlaneMost
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue > 127 ? 15 : T.MostValue;
    }

    /// <summary>The factors of a group; sixteen times for the high nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Factor(byte* factors, int plane)
    {
        Vector512<short> factor = Vector512.Load((short*)factors);
        return T.MostValue > 127 && plane == 0 ? Vector512.ShiftLeft(factor, 4) : factor;
    }

    /// <param name="mins">Minimums; scales follow.</param>
    /// <param name="x">Sums and scale of the block's activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(byte* mins, byte* x, Vector512<int> sum, float* lane)
    {
        Vector512<int> min0 = Pair(mins, x, 0) + Pair(mins, x, 1), min1 = Pair(mins, x, 2) + Pair(mins, x, 3);
        min0 += Pair(mins, x, 4) + Pair(mins, x, 5);
        min1 += Pair(mins, x, 6) + Pair(mins, x, 7);
        float* scales = (float*)(mins + MinsOf);
        Vector512<float> a = Vector512.Create(*(float*)(x + ActivationRow.Scale256Offset - ActivationRow.SumsOffset));
        Vector512<int> min = min0 + min1;
        Vector512<int> dot = T.Form == SuperBlockForm.Minimums ? sum : sum - min;
        Vector512<float> total = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dot), Vector512.Load(scales) * a, Vector512.Load(lane));
        if (T.Form == SuperBlockForm.Minimums)
        {
            total = Vector512.FusedMultiplyAdd(-Vector512.ConvertToSingle(min), Vector512.Load(scales + 16) * a, total);
        }

        total.Store(lane);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Pair(byte* mins, byte* sums, int p) =>
        Avx512BW.MultiplyAddAdjacent(Vector512.Load((short*)(mins + (64 * p))), Vector512.Create(*(int*)(sums + (4 * p))).AsInt16());

    /// <summary>Packs one block of sixteen rows. Signed values are raised by 128, which the minimums take off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackBlock(byte** row, Vector512<byte>* words, byte* panel)
    {
        for (int k = 0; k < 4; k++)
        {
            for (int r = 0; r < 16; r++)
            {
                byte* block = row[r];
                Vector512<byte> values = k switch { 0 => T.Values(block, 0), 1 => T.Values(block, 1), 2 => T.Values(block, 2), _ => T.Values(block, 3) };
                words[r] = HasMins ? values : values ^ Vector512.Create((byte)128);
            }

            PanelDot.Pack(words, panel + (4 * k * PanelDot.GroupBytes(T.MostValue)), PanelDot.GroupBytes(T.MostValue) / 256);
        }

        byte* factors = panel + LineBytes;
        float* scales = (float*)(factors + FactorsOf + MinsOf);
        Vector256<int>* mins = stackalloc Vector256<int>[16];
        for (int r = 0; r < 16; r++)
        {
            Vector256<short> groups = T.Groups(row[r], out Vector256<short> min);
            Vector512<uint> words32 = Avx512F.ConvertToVector512UInt32(groups.AsUInt16());
            words[r] = (words32 | Vector512.ShiftLeft(words32, 16)).AsByte();
            mins[r] = (HasMins ? min : Vector256.ShiftLeft(groups, 7)).AsInt32();
            scales[r] = T.D(row[r]);
            scales[16 + r] = T.Form == SuperBlockForm.Minimums ? T.DMin(row[r]) : 0;
        }

        Transpose16.Store((Vector512<int>*)words, factors, 64, 16);
        for (int r = 0; r < 16; r++)
        {
            words[r] = mins[r].ToVector512().AsByte();
        }

        Transpose16.Store((Vector512<int>*)words, factors + FactorsOf, 64, 8);
    }

    /// <summary>
    /// Rows of up to four blocks, several at once: the sums of eight blocks are then those of two, four or eight rows. Returns how many
    /// rows that were: the last ones are left where eight blocks would reach behind them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ShortRows(byte* weights, int rows, int blocks, byte* activations, float* y)
    {
        byte* buffer = stackalloc byte[T.StagedBytes == T.BlockBytes ? 64 : (LaneSums.Lanes * T.StagedBytes) + 64];
        Vector512<int>* dots = stackalloc Vector512<int>[LaneSums.Lanes];
        Vector256<int>* mins = stackalloc Vector256<int>[LaneSums.Lanes];
        float* scales = stackalloc float[2 * LaneSums.Lanes];
        int* order = stackalloc int[LaneSums.Lanes];
        buffer = (byte*)(((nint)buffer + 63) & ~63);
        Clear(dots, mins, scales);
        int lanes = blocks > 2 ? 4 : blocks, rowsAtOnce = LaneSums.Lanes / lanes; // lanes of a row
        for (int lane = 0; lane < LaneSums.Lanes; lane++)
        {
            int b = lane % lanes;
            scales[lane] = b < blocks ? *(float*)(activations + (b * ActivationRow.Block256Bytes) + ActivationRow.Scale256Offset) : 0;
            order[lane] = Math.Min(b, blocks - 1) + (lane / lanes * blocks); // an unused lane repeats a scale of its own row
        }

        Vector256<float> a = Vector256.Load(scales);
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
                    dots[lane + b] = Dot(block, activations + (b * ActivationRow.Block256Bytes), out mins[lane + b]);
                    block += T.StagedBytes;
                }
            }

            weights += rowsAtOnce * blocks * T.BlockBytes;
            Vector256<float> d = Avx2.PermuteVar8x32(T.Scales(first, out Vector256<float> dMin), Vector256.Load(order)) * a;
            Vector256<float> sums = AddBlocks(dots, mins, d, Avx2.PermuteVar8x32(dMin, Vector256.Load(order)) * a, default);
            StoreShort(sums, lanes, y + done);
        }

        return done;
    }

    /// <summary>Adds the lanes of each row in the order of <see cref="LaneSums.Total"/>, in which the lanes that are not there are zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreShort(Vector256<float> sums, int lanes, float* y)
    {
        if (lanes == 1)
        {
            sums.Store(y);
            return;
        }

        if (lanes == 2)
        {
            Vector256<float> two = sums + Avx.Permute(sums, 0b10_11_00_01);
            (y[0], y[1], y[2], y[3]) = (two[0], two[2], two[4], two[6]);
            return;
        }

        Vector256<float> four = sums + Avx.Permute(sums, 0b01_00_11_10);
        four += Avx.Permute(four, 0b10_11_00_01);
        (y[0], y[1]) = (four[0], four[4]);
    }

    /// <summary>Adds eight blocks to their lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddBlocks(Vector512<int>* dots, Vector256<int>* mins, Vector256<float> scales, Vector256<float> minScales, Vector256<float> sum)
    {
        Vector256<int> dot = LaneSums.OfEight(dots);
        Vector256<int> min = HasMins ? LaneSums.OfEight(mins) : default;
        dot = T.Form == SuperBlockForm.Biased ? dot - min : dot;
        sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot), scales, sum);
        return T.Form == SuperBlockForm.Minimums ? Vector256.FusedMultiplyAdd(-Vector256.ConvertToSingle(min), minScales, sum) : sum;
    }

    private static void Clear(Vector512<int>* dots, Vector256<int>* mins, float* scales)
    {
        new Span<Vector512<int>>(dots, LaneSums.Lanes).Clear();
        new Span<Vector256<int>>(mins, LaneSums.Lanes).Clear();
        new Span<float>(scales, 2 * LaneSums.Lanes).Clear();
    }

    /// <summary>Products of the scales of fewer than eight blocks.</summary>
    private static void FewScales(byte* block, byte* activations, int count, float* scales)
    {
        for (int b = 0; b < count; b++)
        {
            float a = *(float*)(activations + (b * ActivationRow.Block256Bytes) + ActivationRow.Scale256Offset);
            scales[b] = T.D(block) * a;
            scales[LaneSums.Lanes + b] = T.Form == SuperBlockForm.Minimums ? T.DMin(block) * a : 0;
            block += T.StagedBytes;
        }
    }

    /// <summary>Scaled products of a block, and its minimums times the sums of activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Dot(byte* block, byte* x, out Vector256<int> mins)
    {
        Vector256<short> scales = T.Groups(block, out Vector256<short> min);
        sbyte* a = (sbyte*)x;
        Vector512<int> dot0 = Scaled(T.Values(block, 0), a, Spread(scales, 0));
        Vector512<int> dot1 = Scaled(T.Values(block, 1), a + 64, Spread(scales, 4));
        dot0 += Scaled(T.Values(block, 2), a + 128, Spread(scales, 8));
        dot1 += Scaled(T.Values(block, 3), a + 192, Spread(scales, 12));
        mins = HasMins ? Avx2.MultiplyAddAdjacent(min, Vector256.Load((short*)(x + ActivationRow.SumsOffset))) : default;
        return dot0 + dot1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Scaled(Vector512<byte> v, sbyte* values, Vector512<short> scales)
    {
        Vector512<sbyte> a = Vector512.Load(values);
        return Avx512BW.MultiplyAddAdjacent(
            HasMins ? Avx512BW.MultiplyAddAdjacent(v, a) : Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(v.AsSByte()), Signs.Apply(a, v.AsSByte())), scales);
    }

    /// <summary>Four scales, eight lanes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Spread(Vector256<short> scales, int g) =>
        Avx512BW.PermuteVar32x16(scales.ToVector512Unsafe(), Nibbles.Lanes(g, g + 1, g + 2, g + 3));
}
