using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Activations;

/// <summary>What <see cref="ActivationRow"/> writes, with the same bits, 256 columns at a time with AVX-512.</summary>
internal static unsafe class ActivationRow512
{
    /// <summary>Writes all whole groups of eight 32-blocks of a row and returns how many columns that were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int PrepareBlocks32(float* source, int columns, byte* destination)
    {
        Vector512<int>* lanes = stackalloc Vector512<int>[LaneSums.Lanes];
        float* inverses = stackalloc float[LaneSums.Lanes], fitted = stackalloc float[LaneSums.Lanes];
        byte* record = destination + ActivationRow.BlocksOffset(columns);
        float* pairs = (float*)(destination + ActivationRow.ScaleOffset(columns));
        int done = columns & ~255;
        for (int i = 0; i < done; i += 256)
        {
            for (int b = 0; b < LaneSums.Lanes; b++)
            {
                lanes[b] = Vector512.Max(Magnitude(source + i + (32 * b)), Magnitude(source + i + (32 * b) + 16));
            }

            Inverses(LaneSums.MostOfEight(lanes).AsSingle()).Store(inverses);
            for (int b = 0; b < LaneSums.Lanes; b++)
            {
                int at = i + (32 * b);
                Vector512<float> by = Vector512.Create(ActivationRow.BestOfTwo(source + at, 32, inverses[b], out fitted[b]));
                lanes[b] = Quantize(source + at, by, destination + at) + Quantize(source + at + 16, by, destination + at + 16);
            }

            Vector256<int> sums = LaneSums.OfEight(lanes);
            Vector256<float> scales = Vector256.Load(fitted);
            Vector256<float> scaledSums = scales * Vector256.ConvertToSingle(sums);
            scales.Store((float*)record);
            scaledSums.Store((float*)(record + ActivationRow.RecordScaledSums));
            sums.Store((int*)(record + ActivationRow.RecordSums));
            Vector256<double> first = Avx.UnpackLow(scales.AsDouble(), scaledSums.AsDouble()),
                second = Avx.UnpackHigh(scales.AsDouble(), scaledSums.AsDouble());
            Avx.Permute2x128(first, second, 0x20).Store((double*)pairs);
            Avx.Permute2x128(first, second, 0x31).Store((double*)(pairs + 8));
            record += ActivationRow.BlockRecordBytes;
            pairs += 16;
        }

        return done;
    }

    /// <summary>Writes one block of 256 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PrepareBlock256(float* source, byte* destination)
    {
        Vector512<int> most = Magnitude(source);
        for (int i = 16; i < 256; i += 16)
        {
            most = Vector512.Max(most, Magnitude(source + i));
        }

        Vector256<int> half = Vector256.Max(most.GetLower(), most.GetUpper());
        Vector128<int> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Sse2.Shuffle(quarter, 0b01_00_11_10));
        quarter = Vector128.Max(quarter, Sse2.Shuffle(quarter, 0b10_11_00_01));
        float inverse = Inverses(Vector256.Create(quarter[0]).AsSingle())[0];
        Vector512<float> by = Vector512.Create(ActivationRow.BestOfTwo(source, 256, inverse, out float scale));
        for (int i = 0; i < 256; i += 16)
        {
            Quantize(source + i, by, destination + i);
        }

        Vector512<int> a = Fours(destination), b = Fours(destination + 64), c = Fours(destination + 128), d = Fours(destination + 192);
        Vector512<int> sums = Avx512F.PermuteVar16x32(LaneSums.OfQuarters(a, b, c, d),
            Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        Vector256<short> words = Avx512F.ConvertToVector256Int16(sums);
        words.Store((short*)(destination + ActivationRow.SumsOffset));
        Vector128.CreateScalar(scale).Store((float*)(destination + ActivationRow.Scale256Offset)); // and zeros
        Avx512F.VL.ConvertToVector128Int16(Avx2.MultiplyAddAdjacent(words, Vector256<short>.One))
            .Store((short*)(destination + ActivationRow.WideSumsOffset));
    }

    /// <summary>Bits of |x|: they order as integers, NaNs above all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Magnitude(float* source) => Vector512.Load((int*)source) & Vector512.Create(0x7FFFFFFF);

    /// <summary>127 / largest; zero where that overflows, NaN where the largest is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Inverses(Vector256<float> largest)
    {
        Vector256<float> reciprocal = (Vector256.Create(127f) / largest) + (largest * Vector256<float>.Zero);
        return Vector256.AndNot(reciprocal, Vector256.Equals(reciprocal, Vector256.Create(float.PositiveInfinity)));
    }

    /// <summary>Sixteen values to int8, NaN to zero; returns the integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quantize(float* source, Vector512<float> inverse, byte* destination)
    {
        Vector512<float> scaled = Vector512.Load(source) * inverse;
        Vector512<int> q = Vector512.ConditionalSelect(Vector512.Equals(scaled, scaled).AsInt32(), Avx512F.ConvertToVector512Int32(scaled),
            Vector512<int>.Zero);
        q = Vector512.Min(Vector512.Max(q, Vector512.Create(-127)), Vector512.Create(127));
        Avx512F.ConvertToVector128SByte(q).Store((sbyte*)destination);
        return q;
    }

    /// <summary>64 integers added in fours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Fours(byte* values) => Nibbles.Dot(Vector512<byte>.One, Vector512.Load((sbyte*)values));
}
