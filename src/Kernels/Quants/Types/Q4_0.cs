using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q4_0: 32 elements, <c>d:f16 q:u8[16]</c>, y = (n − 8)·d.</summary>
internal unsafe struct Q4_0 : IBlockDecoder, IBlockOperator<WeightPointer, double>, IByteStep
{
    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    public static int StepColumns => 32 * 2;

    public static int StepBytes => 18 * 2;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 16; j++)
        {
            int q = source[2 + j];
            destination[j] = ((q & 15) - 8) * d;
            destination[j + 16] = ((q >> 4) - 8) * d;
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        for (int b = 0; b < 2; b++)
        {
            byte* block = weights.Block + (18 * b);
            sbyte* a = (sbyte*)values + (32 * b);
            int dot = 0;
            for (int j = 0; j < 16; j++)
            {
                dot += (((block[2 + j] & 15) - 8) * a[j]) + (((block[2 + j] >> 4) - 8) * a[j + 16]);
            }

            sum += (double)Float16.Read(block) * ((float*)scales)[b] * dot;
        }

        return sum;
    }

    public static float Total(double sum) => (float)sum;

    public static int Bias => 8;

    public static int MostValue => 15;

    public static bool HasOffsets => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step) => Nibbles.Split512(step + 2, step + 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets)
    {
        offsets = default;
        return StepScales.Halves(steps, 18);
    }

    /// <summary>AVX2 operator.</summary>
    internal struct V256 : IBlockOperator<NibblePair256, Vector256<float>>
    {
        public static int StepColumns => Q4_0.StepColumns;

        public static int StepBytes => Q4_0.StepBytes;

        public static ActivationLayout Layout => ActivationLayout.Q8Block32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static NibblePair256 Load(byte* weights)
        {
            NibblePair256 w;
            w.Q0 = Nibbles.Split256(weights + 2);
            w.Q1 = Nibbles.Split256(weights + 20);
            w.Scale0 = Vector256.Create(Float16.Read(weights));
            w.Scale1 = Vector256.Create(Float16.Read(weights + 18));
            w.Offset0 = 0;
            w.Offset1 = 0;
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in NibblePair256 weights, byte* values, byte* scales, Vector256<float> sum)
        {
            float* d = (float*)scales;
            sum = Vector256.FusedMultiplyAdd(
                Vector256.ConvertToSingle(Signed(weights.Q0, Vector256.Load((sbyte*)values))), weights.Scale0 * Vector256.Create(d[0]), sum);
            return Vector256.FusedMultiplyAdd(
                Vector256.ConvertToSingle(Signed(weights.Q1, Vector256.Load((sbyte*)values + 32))), weights.Scale1 * Vector256.Create(d[1]), sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

        /// <summary>Σ (n − 8)·a: pair sums of n·a and 8·a both fit 16 bits, and so does their difference.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Signed(Vector256<byte> q, Vector256<sbyte> a) => Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(q, a) - Avx2.MultiplyAddAdjacent(Vector256.Create((byte)8), a), Vector256.Create((short)1));
    }
}
