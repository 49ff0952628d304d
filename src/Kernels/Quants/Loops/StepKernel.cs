using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>The kernel of an <see cref="IByteStep"/> type.</summary>
internal unsafe struct StepKernel<T> : IPanelKernel
    where T : IByteStep
{
    private const int PanelColumns = PanelLoop<StepKernel<T>>.PanelColumns;
    private const int MostBlocks = PanelColumns / 32;
    private const int Steps = 4; // whose eight blocks have a lane each

    /// <summary>Lines, then a scale per block and row, then an offset.</summary>
    public static int PanelBytes => LineBytes + (2 * MostBlocks * 64);

    private static int LineBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelColumns / 16 * GroupBytes;
    }

    /// <summary>Large bytes stay whole where there is an instruction that adds their products in 32 bits.</summary>
    private static bool IsWide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue > 127 && AvxVnni.IsSupported;
    }

    private static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsWide ? 256 : PanelDot.GroupBytes(T.MostValue);
    }

    public static long RowBytes(int columns) => (long)columns / 32 * (T.StepBytes / 2);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* weights, int rows, int columns, byte* activations, float* y)
    {
        long rowBytes = RowBytes(columns);
        byte* firstRecord = activations + ActivationRow.BlocksOffset(columns);
        int rest = columns % (64 * Steps);
        bool wholeSteps = rest % 64 == 0 && columns >= 64 * Steps;
        for (int r = 0; r < rows; r++)
        {
            byte* w = weights;
            byte* x = activations;
            byte* record = firstRecord;
            Vector256<float> sum = default;
            for (int steps = columns / 64; steps >= Steps; steps -= Steps)
            {
                RowPrefetch.Ahead(w, Steps * T.StepBytes);
                Vector256<float> scales = T.Scales(w, out Vector256<float> offsets);
                sum = Add(scales, offsets, record, Dots(w, x, Steps), sum);
                w += Steps * T.StepBytes;
                x += Steps * 64;
                record += ActivationRow.BlockRecordBytes;
            }

            weights += rowBytes;
            if (rest != 0)
            {
                sum = wholeSteps ? LastSteps(w, weights, x, record, sum) : Rest(w, rest, x, record, sum);
            }

            y[r] = LaneSums.Total(sum);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* weights, int rows, int columns, int column, int count, byte* panel)
    {
        byte* tail = stackalloc byte[Steps * T.StepBytes];
        Vector512<byte>* bytes = stackalloc Vector512<byte>[16];
        float* scales = (float*)(panel + LineBytes);
        float* offsets = scales + (16 * MostBlocks);
        long rowBytes = RowBytes(columns);
        weights += (long)column / 64 * T.StepBytes;
        for (int c = 0; c < count; c += 64 * Steps)
        {
            int most = Math.Min(64 * Steps, count - c);
            int steps = (most + 63) / 64;
            for (int r = 0; r < 16; r++)
            {
                byte* w = weights + (Math.Min(r, rows - 1) * rowBytes) + (c / 64 * T.StepBytes);
                Vector256<float> d = T.Scales(most == 64 * Steps ? w : Copy(w, most, tail), out Vector256<float> m);
                Scatter(d, scales + (c / 32 * 16) + r);
                if (T.HasOffsets)
                {
                    Scatter(m, offsets + (c / 32 * 16) + r);
                }
            }

            for (int s = 0; s < steps; s++)
            {
                for (int r = 0; r < 16; r++)
                {
                    byte* w = weights + (Math.Min(r, rows - 1) * rowBytes) + (((c / 64) + s) * T.StepBytes);
                    bytes[r] = T.Bytes(most >= 64 * (s + 1) ? w : Copy(w, most % 64, tail));
                }

                PanelDot.Pack(bytes, panel + ((c + (64 * s)) / 16 * GroupBytes), GroupBytes / 256);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4(byte* panel, int columns, int column, int count, byte* activations, long stride, float* sums)
    {
        // Once, up here: the inliner's patience ends before the last of many uses of a property.
        int most = PlaneMost, groupBytes = GroupBytes, planes = groupBytes / 256;
        bool wide = IsWide;
        float* scales = (float*)(panel + LineBytes);
        byte* x = activations + column;
        byte* record = activations + ActivationRow.BlocksOffset(columns) + ((long)column / 256 * ActivationRow.BlockRecordBytes);
        for (int b = 0; b < count / 32; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            Vector512<int> sum0 = Start(r), sum1 = Start(r + stride), sum2 = Start(r + (2 * stride)), sum3 = Start(r + (3 * stride));
            if (wide)
            {
                WideSums wide0 = default, wide1 = default, wide2 = default, wide3 = default;
                for (int line = 0; line < 8; line++)
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
                    PanelDot.Lines w = PanelDot.Lines.Load(panel + (64 * plane), groupBytes / 4);
                    Vector512<short> factor = Vector512.Create(planes > 1 && plane == 0 ? (short)16 : (short)1);
                    sum0 = PanelDot.Add(w, x, factor, sum0, most);
                    sum1 = PanelDot.Add(w, x + stride, factor, sum1, most);
                    sum2 = PanelDot.Add(w, x + (2 * stride), factor, sum2, most);
                    sum3 = PanelDot.Add(w, x + (3 * stride), factor, sum3, most);
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
    public static void Add1(byte* panel, int columns, int column, int count, byte* activations, float* sums)
    {
        int most = PlaneMost, groupBytes = GroupBytes, planes = groupBytes / 256;
        bool wide = IsWide;
        float* scales = (float*)(panel + LineBytes);
        byte* x = activations + column;
        byte* record = activations + ActivationRow.BlocksOffset(columns) + ((long)column / 256 * ActivationRow.BlockRecordBytes);
        for (int b = 0; b < count / 32; b++)
        {
            byte* r = record + ((b & 7) * sizeof(float));
            Vector512<int> sum = Start(r);
            if (wide)
            {
                WideSums sums32 = default;
                for (int line = 0; line < 8; line++)
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
                    PanelDot.Lines w = PanelDot.Lines.Load(panel + (64 * plane), groupBytes / 4);
                    Vector512<short> factor = Vector512.Create(planes > 1 && plane == 0 ? (short)16 : (short)1);
                    sum = PanelDot.Add(w, x, factor, sum, most);
                }

                panel += groupBytes;
                x += 16;
            }

            Finish(scales, r, sum, sums + ((b & 7) * 16));
            scales += 16;
            record += (b & 7) == 7 ? ActivationRow.BlockRecordBytes : 0;
        }
    }

    private static int PlaneMost
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.MostValue > 127 ? 15 : T.MostValue;
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
            total = Vector512.FusedMultiplyAdd(Vector512.Load(scales + (16 * MostBlocks)), Vector512.Create(*(float*)(record + ActivationRow.RecordScaledSums)), total);
        }

        total.Store(lane);
    }

    /// <summary>Integer sums of eight blocks, of the first <paramref name="steps"/> steps only; biased where the bytes are small.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dots(byte* w, byte* x, int steps)
    {
        Vector256<int> evenFirst;
        if (T.MostValue <= 31)
        {
            evenFirst = LaneSums.OfHalves(
                Pairs(w, x), steps > 1 ? Pairs(w + T.StepBytes, x + 64) : default, steps > 2 ? Pairs(w + (2 * T.StepBytes), x + 128) : default, steps > 3 ? Pairs(w + (3 * T.StepBytes), x + 192) : default);
        }
        else
        {
            evenFirst = LaneSums.OfHalves(
                Fours(w, x), steps > 1 ? Fours(w + T.StepBytes, x + 64) : default, steps > 2 ? Fours(w + (2 * T.StepBytes), x + 128) : default, steps > 3 ? Fours(w + (3 * T.StepBytes), x + 192) : default);
        }

        return Avx2.PermuteVar8x32(evenFirst, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(byte* step, byte* x) => Avx512BW.MultiplyAddAdjacent(T.Bytes(step), Vector512.Load((sbyte*)x));

    /// <summary>Products of a step, added in fours; of signed bytes, since those of large unsigned ones do not fit 16 bits in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Fours(byte* step, byte* x)
    {
        Vector512<sbyte> a = Vector512.Load((sbyte*)x);
        Vector512<sbyte> w = (T.Bytes(step) ^ Vector512.Create((byte)T.Bias)).AsSByte();
        return Nibbles.Dot(Avx512BW.Abs(w), Signs.Apply(a, w));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> scales, Vector256<float> offsets, byte* blocks, Vector256<int> dots, Vector256<float> sum)
    {
        if (T.Bias != 0 && T.MostValue <= 31)
        {
            dots -= Vector256.Load((int*)(blocks + ActivationRow.RecordSums)) * T.Bias;
        }

        sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load((float*)blocks), sum);
        return T.HasOffsets ? Vector256.FusedMultiplyAdd(offsets, Vector256.Load((float*)(blocks + ActivationRow.RecordScaledSums)), sum) : sum;
    }

    /// <summary>One to three whole steps; their scales are the last of the eight that end with the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LastSteps(byte* w, byte* end, byte* x, byte* record, Vector256<float> sum)
    {
        RowPrefetch.Ahead(w, Steps * T.StepBytes);
        int steps = (int)(end - w) / T.StepBytes;
        Vector256<float> scales = T.Scales(end - (Steps * T.StepBytes), out Vector256<float> offsets);
        Vector256<int> order = Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(2 * (Steps - steps));
        scales = Avx2.PermuteVar8x32(scales, order);
        offsets = T.HasOffsets ? Avx2.PermuteVar8x32(offsets, order) : default;
        Vector256<int> dots = steps switch { 1 => Dots(w, x, 1), 2 => Dots(w, x, 2), _ => Dots(w, x, 3) };
        return Add(scales, offsets, record, dots, sum);
    }

    /// <summary>The blocks after the last four whole steps; scales of blocks that are not there meet activations' scales of zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> Rest(byte* weights, int columns, byte* x, byte* blocks, Vector256<float> sum)
    {
        byte* w = stackalloc byte[Steps * T.StepBytes];
        Copy(weights, columns, w);
        Vector256<float> scales = T.Scales(w, out Vector256<float> offsets);
        return Add(scales, offsets, blocks, Dots(w, x, (columns + 63) / 64), sum);
    }

    /// <summary>Weights of some columns, zeros behind them.</summary>
    private static byte* Copy(byte* weights, int columns, byte* to)
    {
        new Span<byte>(to, Steps * T.StepBytes).Clear();
        Unsafe.CopyBlockUnaligned(to, weights, (uint)(columns / 32 * (T.StepBytes / 2)));
        return to;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector256<float> lanes, float* to)
    {
        for (int i = 0; i < LaneSums.Lanes; i++)
        {
            to[16 * i] = lanes[i];
        }
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
