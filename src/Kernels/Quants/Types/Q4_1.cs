using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q4_1: 32 elements, <c>d:f16 m:f16 q:u8[16]</c>, y = n·d + m.</summary>
internal unsafe struct Q4_1 : IBlockDecoder, IBlockOperator<WeightPointer, double>, IByteStep
{
    public static int BlockElements => 32;

    public static int BlockBytes => 20;

    public static int StepColumns => 32 * 2;

    public static int StepBytes => 20 * 2;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float m = Float16.Read(source + 2);
        for (int j = 0; j < 16; j++)
        {
            int q = source[4 + j];
            destination[j] = ((q & 15) * d) + m;
            destination[j + 16] = ((q >> 4) * d) + m;
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        for (int b = 0; b < 2; b++)
        {
            byte* block = weights.Block + (20 * b);
            sbyte* a = (sbyte*)values + (32 * b);
            int dot = 0;
            for (int j = 0; j < 16; j++)
            {
                dot += ((block[4 + j] & 15) * a[j]) + ((block[4 + j] >> 4) * a[j + 16]);
            }

            sum += ((double)Float16.Read(block) * ((float*)scales)[b] * dot) + ((double)Float16.Read(block + 2) * ((float*)scales)[b + 2]);
        }

        return sum;
    }

    public static float Total(double sum) => (float)sum;

    public static int Bias => 0;

    public static int MostValue => 15;

    public static bool HasOffsets => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step) => Nibbles.Split512(step + 4, step + 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets) => StepScales.Pairs(steps, 20, out offsets);

    /// <summary>AVX2 operator.</summary>
    internal struct V256 : IBlockOperator<NibblePair256, Vector256<float>>
    {
        public static int StepColumns => Q4_1.StepColumns;

        public static int StepBytes => Q4_1.StepBytes;

        public static ActivationLayout Layout => ActivationLayout.Q8Block32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static NibblePair256 Load(byte* weights)
        {
            NibblePair256 w;
            w.Q0 = Nibbles.Split256(weights + 4);
            w.Q1 = Nibbles.Split256(weights + 24);
            w.Scale0 = Vector256.Create(Float16.Read(weights));
            w.Scale1 = Vector256.Create(Float16.Read(weights + 20));
            w.Offset0 = Float16.Read(weights + 2);
            w.Offset1 = Float16.Read(weights + 22);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in NibblePair256 weights, byte* values, byte* scales, Vector256<float> sum)
        {
            float* d = (float*)scales;
            Vector256<int> dot0 = Nibbles.Dot(weights.Q0, Vector256.Load((sbyte*)values));
            Vector256<int> dot1 = Nibbles.Dot(weights.Q1, Vector256.Load((sbyte*)values + 32));
            sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot0), weights.Scale0 * Vector256.Create(d[0]), sum);
            sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot1), weights.Scale1 * Vector256.Create(d[1]), sum);
            return sum + Vector256.CreateScalar((weights.Offset0 * d[2]) + (weights.Offset1 * d[3]));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);
    }
}
