using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q1_0: 128 elements, <c>d:f16 q:u8[16]</c>, one bit each: set is +d, clear −d.</summary>
internal unsafe struct Q1_0 : IBlockDecoder, IBlockOperator<WeightPointer, double>
{
    public static int BlockElements => 128;

    public static int BlockBytes => 18;

    public static int StepColumns => 128;

    public static int StepBytes => 18;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 128; j++)
        {
            destination[j] = ((source[2 + (j >> 3)] >> (j & 7)) & 1) != 0 ? d : -d;
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        byte* block = weights.Block;
        double total = 0;
        for (int b = 0; b < 4; b++)
        {
            int dot = 0;
            for (int j = 32 * b; j < 32 * (b + 1); j++)
            {
                int a = ((sbyte*)values)[j];
                dot += ((block[2 + (j >> 3)] >> (j & 7)) & 1) != 0 ? a : -a;
            }

            total += (double)((float*)scales)[((b >> 1) * 4) + (b & 1)] * dot;
        }

        return sum + (Float16.Read(block) * total);
    }

    public static float Total(double sum) => (float)sum;

    /// <summary>Two steps of 64 columns.</summary>
    internal struct Both256
    {
        public NibblePair256 First, Second;
    }

    /// <summary>Two steps of 64 columns.</summary>
    internal struct Both512
    {
        public SignedWeights512 First, Second;
    }

    /// <summary>AVX2 operator: ones with signs.</summary>
    internal struct V256 : IBlockOperator<Both256, Vector256<float>>
    {
        public static int StepColumns => Q1_0.StepColumns;

        public static int StepBytes => Q1_0.StepBytes;

        public static ActivationLayout Layout => ActivationLayout.Q8Block32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Both256 Load(byte* weights)
        {
            Vector256<float> scale = Vector256.Create(Float16.Read(weights));
            Both256 w;
            w.First = Half(weights + 2, scale);
            w.Second = Half(weights + 10, scale);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in Both256 weights, byte* values, byte* scales, Vector256<float> sum) => Q8_0.V256.Dot(
            weights.Second, values + 64, scales + ActivationRow.PairScaleBytes, Q8_0.V256.Dot(weights.First, values, scales, sum));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

        /// <summary>1 | ~mask: 1 where the bit is set, −1 where it is clear.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static NibblePair256 Half(byte* bits, Vector256<float> scale)
        {
            NibblePair256 w;
            w.Q0 = Vector256<byte>.One | ~Signs.Mask256(Unsafe.ReadUnaligned<uint>(bits));
            w.Q1 = Vector256<byte>.One | ~Signs.Mask256(Unsafe.ReadUnaligned<uint>(bits + 4));
            w.Scale0 = scale;
            w.Scale1 = scale;
            w.Offset0 = 0;
            w.Offset1 = 0;
            return w;
        }
    }

    /// <summary>AVX-512 operator: ones with signs.</summary>
    internal struct V512 : IBlockOperator<Both512, Vector512<float>>
    {
        public static int StepColumns => Q1_0.StepColumns;

        public static int StepBytes => Q1_0.StepBytes;

        public static ActivationLayout Layout => ActivationLayout.Q8Block32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Both512 Load(byte* weights)
        {
            Both512 w;
            w.First.Scale = Vector512.Create(Float16.Read(weights));
            w.Second.Scale = w.First.Scale;
            w.First.Q = Half(weights + 2);
            w.Second.Q = Half(weights + 10);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Dot(in Both512 weights, byte* values, byte* scales, Vector512<float> sum) =>
            weights.Second.Dot(values + 64, scales + ActivationRow.PairScaleBytes, weights.First.Dot(values, scales, sum));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector512<float> sum) => Vector512.Sum(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<sbyte> Half(byte* bits) =>
            (Vector512<byte>.One | ~Signs.Mask512(Unsafe.ReadUnaligned<uint>(bits), Unsafe.ReadUnaligned<uint>(bits + 4))).AsSByte();
    }
}
