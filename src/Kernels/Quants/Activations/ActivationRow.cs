using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Activations;

/// <summary>
/// Prepared activation rows. Quantisation is symmetric: q = round-half-even(x / s) with s = max|x| / 127 or a hundredth more, whichever
/// leaves the smaller squared error, so −128 never occurs; the scale d kept with q is Σxq / Σq², the least-squares one for these integers.
/// Two tries instead of one take about 8 % off the squared error. Results are the same at every instruction-set level.
/// </summary>
internal static unsafe class ActivationRow
{
    /// <summary>Bytes of a 256-block: values, sums, scale, padding, wide sums.</summary>
    public const int Block256Bytes = 320;

    /// <summary>Offset of the sixteen sums in a 256-block.</summary>
    public const int SumsOffset = 256;

    /// <summary>Offset of the scale in a 256-block.</summary>
    public const int Scale256Offset = 288;

    /// <summary>Offset of eight sums of 32 columns in a 256-block.</summary>
    public const int WideSumsOffset = 304;

    /// <summary>Bytes of the scales of 64 columns in Q8Block32.</summary>
    public const int PairScaleBytes = 16;

    /// <summary>Bytes of a Q8Block32 row's record of eight blocks: their scales, scaled sums and integer sums, 32 bytes each, and
    /// padding.</summary>
    public const int BlockRecordBytes = 128;

    /// <summary>Offset of the scaled sums in a record.</summary>
    public const int RecordScaledSums = 32;

    /// <summary>Offset of the integer sums in a record.</summary>
    public const int RecordSums = 64;

    /// <summary>Where the records of a Q8Block32 row start: what its pairs of blocks hold, once more for those who want eight at a
    /// time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long BlocksOffset(int columns) => ScaleOffset(columns) + ((((((long)columns + 63) / 64) * PairScaleBytes) + 63) & ~63L);

    /// <summary>Inverse of the second try over that of the first.</summary>
    private const float SecondTry = 0.99f;

    /// <summary>Where the scales of a Q8Block32 row start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ScaleOffset(int columns) => ((long)columns + 63) & ~63L;

    /// <summary>Bytes of one row, a multiple of 64.</summary>
    public static long RowBytes(ActivationLayout layout, int columns)
    {
        long pairs = ((long)columns + 63) / 64;
        return layout switch
        {
            ActivationLayout.F32 => pairs * 256,
            ActivationLayout.Q8Block32 => BlocksOffset(columns) + ((pairs + 3) / 4 * BlockRecordBytes),
            ActivationLayout.Q8Block256 => ((long)columns + 255) / 256 * Block256Bytes,
            ActivationLayout.Q16Block32 or ActivationLayout.Q16Block256 => 2 * RowBytes(ActivationDigits.DigitLayout(layout), columns),
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };
    }

    /// <summary>Writes one prepared row (all <see cref="RowBytes"/> bytes of it).</summary>
    public static void Prepare(ActivationLayout layout, float* source, int columns, byte* destination)
    {
        switch (layout)
        {
            case ActivationLayout.F32:
                Buffer.MemoryCopy(source, destination, 4L * columns, 4L * columns);
                new Span<byte>(destination + (4L * columns), (int)(RowBytes(layout, columns) - (4L * columns))).Clear();
                break;
            case ActivationLayout.Q8Block32:
                PrepareBlock32(source, columns, destination);
                break;
            case ActivationLayout.Q8Block256:
                for (int i = 0; i < columns; i += 256)
                {
                    PrepareBlock256(source + i, destination);
                    destination += Block256Bytes;
                }

                break;
            case ActivationLayout.Q16Block32:
                ActivationDigits.PrepareBlocks32(source, columns, destination);
                break;
            case ActivationLayout.Q16Block256:
                ActivationDigits.PrepareBlocks256(source, columns, destination);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(layout));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PrepareBlock32(float* source, int columns, byte* destination)
    {
        new Span<byte>(destination + columns, (int)(RowBytes(ActivationLayout.Q8Block32, columns) - columns)).Clear();
        int done = Isa.Avx512 ? ActivationRow512.PrepareBlocks32(source, columns, destination) : 0;
        for (int i = done; i < columns; i += 32)
        {
            float inverse = InverseScale(source + i, 32, out float scale);
            Vector256<int> sum = Quantize(source + i, inverse, destination + i) + Quantize(source + i + 16, inverse, destination + i + 16);
            Record32(destination, columns, i, scale, SignedDot.Total(sum.GetLower() + sum.GetUpper()));
        }
    }

    /// <summary>Writes scale and sum of the block of 32 from <paramref name="column"/> on to either place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Record32(byte* row, int columns, int column, float scale, int whole)
    {
        float* pair = (float*)(row + ScaleOffset(columns)) + (column / 64 * 4) + (column / 32 % 2);
        byte* record = row + BlocksOffset(columns) + ((long)(column / 256) * BlockRecordBytes) + (column / 32 % 8 * sizeof(float));
        *(float*)record = pair[0] = scale;
        *(int*)(record + RecordSums) = whole;
        *(float*)(record + RecordScaledSums) = pair[2] = scale * whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PrepareBlock256(float* source, byte* destination)
    {
        if (Isa.Avx512)
        {
            ActivationRow512.PrepareBlock256(source, destination);
            return;
        }

        float inverse = InverseScale(source, 256, out float scale);
        short* sums = (short*)(destination + SumsOffset);
        for (int i = 0; i < 16; i++)
        {
            Vector256<int> sum = Quantize(source + (16 * i), inverse, destination + (16 * i));
            sums[i] = (short)SignedDot.Total(sum.GetLower() + sum.GetUpper());
        }

        Record256(destination, scale);
    }

    /// <summary>Writes the scale of a 256-block and its sums of 32, whose sums of 16 are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Record256(byte* block, float scale)
    {
        short* sums = (short*)(block + SumsOffset);
        *(float*)(block + Scale256Offset) = scale;
        new Span<byte>(block + Scale256Offset + 4, WideSumsOffset - Scale256Offset - 4).Clear();
        for (int i = 0; i < 8; i++)
        {
            ((short*)(block + WideSumsOffset))[i] = (short)(sums[2 * i] + sums[(2 * i) + 1]);
        }
    }

    /// <summary>The largest magnitude, or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Largest(float* source, int count)
    {
        Vector256<float> most = Vector256<float>.Zero;
        for (int i = 0; i < count; i += 8)
        {
            most = Vector256.Max(most, Vector256.Abs(Vector256.Load(source + i)));
        }

        Vector128<float> half = Vector128.Max(most.GetLower(), most.GetUpper());
        return MathF.Max(MathF.Max(half[0], half[1]), MathF.Max(half[2], half[3]));
    }

    /// <summary>The factor from values to what is rounded, and the scale of the integers; both zero when the block is zero or too small to
    /// invert.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float InverseScale(float* source, int count, out float scale)
    {
        float largest = Largest(source, count);
        float inverse = (127f / largest) + (largest * 0); // NaN where a value is infinite, so that it reaches the output
        if (float.IsInfinity(inverse))
        {
            scale = 0;
            return 0;
        }

        return BestOfTwo(source, count, inverse, out scale);
    }

    /// <summary>The better of a factor from values to what is rounded and one a hundredth less, and the scale of its integers; a factor of
    /// 0 stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float BestOfTwo(float* source, int count, float inverse, out float scale)
    {
        if (inverse == 0)
        {
            scale = 0;
            return 0;
        }

        float second = inverse * SecondTry;
        Residue atFirst = default, atSecond = default;
        for (int i = 0; i < count; i += 8)
        {
            Vector256<float> x = Vector256.Load(source + i);
            atFirst.Add(x * inverse);
            atSecond.Add(x * second);
        }

        // Errors are in units of each scale.
        bool isSecondBetter = Residue.Sum(atSecond.Squared) < Residue.Sum(atFirst.Squared) * (SecondTry * SecondTry);
        if (isSecondBetter)
        {
            (atFirst, inverse) = (atSecond, second);
        }

        scale = (1 + (Residue.Sum(atFirst.Product) / Residue.Sum(atFirst.Integers))) / inverse;
        return inverse;
    }

    /// <summary>Eight lanes of what rounding y to integers r leaves: Σ(y − r)², Σ(y − r)·r and Σr², which is exact.</summary>
    private struct Residue
    {
        internal Vector256<float> Squared, Product, Integers;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(Vector256<float> y)
        {
            Vector256<float> r = Vector256.Round(y), e = y - r;
            Squared += e * e;
            Product += e * r;
            Integers += r * r;
        }

        /// <summary>The lanes in a fixed order.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static float Sum(Vector256<float> lanes)
        {
            Vector128<float> half = lanes.GetLower() + lanes.GetUpper();
            half += Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1));
            return half[0] + half[1];
        }
    }

    /// <summary>Sixteen values to int8; returns their integers added in eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quantize(float* source, float inverse, byte* destination)
    {
        Vector256<int> low = Round(source, inverse);
        Vector256<int> high = Round(source + 8, inverse);
        Vector256<short> words = Vector256.Narrow(low, high);
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store((sbyte*)destination);
        return low + high;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(float* source, float inverse)
    {
        Vector256<int> q = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(source) * inverse));
        return Vector256.Min(Vector256.Max(q, Vector256.Create(-127)), Vector256.Create(127));
    }
}
