using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q5_1: 32 elements, <c>d:f16 m:f16 qh:u32 q:u8[16]</c>, y = v·d + m.</summary>
internal unsafe struct Q5_1 : IBlockDecoder, IBlockOperator<WeightPointer, double>, IByteStep
{
    public static int BlockElements => 32;

    public static int BlockBytes => 24;

    public static int StepColumns => 32 * 2;

    public static int StepBytes => 24 * 2;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float m = Float16.Read(source + 2);
        for (int j = 0; j < 32; j++)
        {
            destination[j] = (Value(source, j) * d) + m;
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        for (int b = 0; b < 2; b++)
        {
            byte* block = weights.Block + (24 * b);
            int dot = 0;
            for (int j = 0; j < 32; j++)
            {
                dot += Value(block, j) * ((sbyte*)values)[(32 * b) + j];
            }

            sum += ((double)Float16.Read(block) * ((float*)scales)[b] * dot) + ((double)Float16.Read(block + 2) * ((float*)scales)[b + 2]);
        }

        return sum;
    }

    public static float Total(double sum) => (float)sum;

    public static int Bias => 0;

    public static int MostValue => 31;

    public static bool HasOffsets => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step) => Nibbles.Split512(step + 8, step + 32)
        | (Signs.Mask512(Unsafe.ReadUnaligned<uint>(step + 4), Unsafe.ReadUnaligned<uint>(step + 28)) & Vector512.Create((byte)16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets) => StepScales.Pairs(steps, 24, out offsets);

    private static int Value(byte* block, int j) => ((block[8 + (j & 15)] >> (j >> 4 << 2)) & 15) | (((block[4 + (j >> 3)] >> (j & 7)) & 1) << 4);

    /// <summary>AVX2 operator: Q4_1's products on five-bit values.</summary>
    internal struct V256 : IBlockOperator<NibblePair256, Vector256<float>>
    {
        public static int StepColumns => Q5_1.StepColumns;

        public static int StepBytes => Q5_1.StepBytes;

        public static ActivationLayout Layout => ActivationLayout.Q8Block32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static NibblePair256 Load(byte* weights)
        {
            NibblePair256 w;
            w.Q0 = Values(weights);
            w.Q1 = Values(weights + 24);
            w.Scale0 = Vector256.Create(Float16.Read(weights));
            w.Scale1 = Vector256.Create(Float16.Read(weights + 24));
            w.Offset0 = Float16.Read(weights + 2);
            w.Offset1 = Float16.Read(weights + 26);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in NibblePair256 weights, byte* values, byte* scales, Vector256<float> sum) =>
            Q4_1.V256.Dot(weights, values, scales, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<byte> Values(byte* block) =>
            Nibbles.Split256(block + 8) | (Signs.Mask256(Unsafe.ReadUnaligned<uint>(block + 4)) & Vector256.Create((byte)16));
    }
}
