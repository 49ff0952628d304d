using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q8_0: 32 elements, <c>d:f16 q:i8[32]</c>, y = q·d.</summary>
internal unsafe struct Q8_0 : IBlockDecoder, IBlockOperator<WeightPointer, double>, IByteStep
{
    public static int BlockElements => 32;

    public static int BlockBytes => 34;

    public static int StepColumns => 32 * 2;

    public static int StepBytes => 34 * 2;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 32; j++)
        {
            destination[j] = ((sbyte*)source)[2 + j] * d;
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        for (int b = 0; b < 2; b++)
        {
            byte* block = weights.Block + (34 * b);
            sbyte* a = (sbyte*)values + (32 * b);
            int dot = 0;
            for (int j = 0; j < 32; j++)
            {
                dot += ((sbyte*)block)[2 + j] * a[j];
            }

            sum += (double)Float16.Read(block) * ((float*)scales)[b] * dot;
        }

        return sum;
    }

    public static float Total(double sum) => (float)sum;

    public static int Bias => 128;

    public static int MostValue => 255;

    public static bool HasOffsets => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes(byte* step) =>
        Avx512F.InsertVector256(Vector256.Load(step + 2).ToVector512Unsafe(), Vector256.Load(step + 36), 1) ^ Vector512.Create((byte)128);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* steps, out Vector256<float> offsets)
    {
        offsets = default;
        return StepScales.Halves(steps, 34);
    }

    /// <summary>AVX2 operator.</summary>
    internal struct V256 : IBlockOperator<NibblePair256, Vector256<float>>
    {
        public static int StepColumns => Q8_0.StepColumns;

        public static int StepBytes => Q8_0.StepBytes;

        public static ActivationLayout Layout => ActivationLayout.Q8Block32;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static NibblePair256 Load(byte* weights)
        {
            NibblePair256 w;
            w.Q0 = Vector256.Load(weights + 2);
            w.Q1 = Vector256.Load(weights + 36);
            w.Scale0 = Vector256.Create(Float16.Read(weights));
            w.Scale1 = Vector256.Create(Float16.Read(weights + 34));
            w.Offset0 = 0;
            w.Offset1 = 0;
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in NibblePair256 weights, byte* values, byte* scales, Vector256<float> sum) => weights.SignedDot(values, scales, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);
    }
}
