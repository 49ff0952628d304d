using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// NVFP4: 64 elements, <c>d:u8[4] q:u8[32]</c>; sub-blocks of 16: y = fp4(n)·U(d), U unsigned E4M3 halved. Its products have sixteen
/// running sums, one per four columns of a block.
/// </summary>
internal unsafe struct NVFP4 : IBlockDecoder, IBlockOperator<WeightPointer, FloatLanes16>
{
    public static int BlockElements => 64;

    public static int BlockBytes => 36;

    public static void Decode(byte* source, float* destination)
    {
        for (int s = 0; s < 4; s++)
        {
            float scale = Scale(source[s]);
            for (int j = 0; j < 8; j++)
            {
                int q = source[4 + (8 * s) + j];
                destination[(16 * s) + j] = MXFP4.Values[q & 15] * scale;
                destination[(16 * s) + j + 8] = MXFP4.Values[q >> 4] * scale;
            }
        }
    }

    public static int StepColumns => 64;

    public static int StepBytes => 36;

    public static ActivationLayout Layout => ActivationLayout.Q8Block32;

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static FloatLanes16 Dot(in WeightPointer weights, byte* values, byte* scales, FloatLanes16 sum)
    {
        for (int lane = 0; lane < 16; lane++)
        {
            int dot = 0;
            for (int j = 4 * lane; j < 4 * (lane + 1); j++)
            {
                int q = weights.Block[4 + (8 * (j >> 4)) + (j & 7)] >> (4 * ((j >> 3) & 1));
                dot += MXFP4.Values[q & 15] * ((sbyte*)values)[j];
            }

            sum.Lane[lane] = MathF.FusedMultiplyAdd(dot, Scale(weights.Block[lane >> 2]) * ((float*)scales)[lane >> 3], sum.Lane[lane]);
        }

        return sum;
    }

    public static float Total(FloatLanes16 sum) => sum.Total;

    private static float Scale(byte x)
    {
        if (x is 0 or 0x7F)
        {
            return 0;
        }

        int exponent = (x >> 3) & 15;
        int mantissa = x & 7;
        return exponent == 0 ? mantissa * 0.0009765625f : BitConverter.Int32BitsToSingle(((exponent - 8 + 127) << 23) | (mantissa << 20));
    }

    /// <summary>All four U(d): the bits are moved to those of a float and multiplied by 2^119, which also normalises denormals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scales(byte* block)
    {
        const float Rebias = 6.646139978924579e35f; // 2^119
        Vector128<int> x = Sse41.ConvertToVector128Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(block)).AsByte());
        Vector128<float> value = Vector128.ShiftLeft(x & Vector128.Create(0x7F), 20).AsSingle() * Vector128.Create(Rebias);
        return Vector128.AndNot(value, Vector128.Equals(x, Vector128.Create(0x7F)).AsSingle());
    }

    /// <summary>Signed values and scales of a block.</summary>
    internal struct Weights256
    {
        public Vector256<sbyte> Low, High;
        public Vector256<float> LowScale, HighScale;
    }

    /// <summary>Signed values and scales of a block.</summary>
    internal struct Weights512
    {
        public Vector512<sbyte> Q;
        public Vector512<float> Scale;
    }

    /// <summary>AVX2 operator.</summary>
    internal struct V256 : IBlockOperator<Weights256, FloatLanes256>
    {
        public static int StepColumns => NVFP4.StepColumns;

        public static int StepBytes => NVFP4.StepBytes;

        public static ActivationLayout Layout => NVFP4.Layout;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Weights256 Load(byte* weights)
        {
            Vector128<float> all = Scales(weights);
            Weights256 w;
            w.Low = Signs.Map256(Vector256.Create(Sixteen(weights + 4), Sixteen(weights + 12)), MXFP4.LowValues, MXFP4.HighValues);
            w.High = Signs.Map256(Vector256.Create(Sixteen(weights + 20), Sixteen(weights + 28)), MXFP4.LowValues, MXFP4.HighValues);
            w.LowScale = Vector256.Create(Vector128.Create(all[0]), Vector128.Create(all[1]));
            w.HighScale = Vector256.Create(Vector128.Create(all[2]), Vector128.Create(all[3]));
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static FloatLanes256 Dot(in Weights256 weights, byte* values, byte* scales, FloatLanes256 sum)
        {
            sum.Low = Add(weights.Low, (sbyte*)values, weights.LowScale * Vector256.Create(*(float*)scales), sum.Low);
            sum.High = Add(weights.High, (sbyte*)values + 32, weights.HighScale * Vector256.Create(((float*)scales)[1]), sum.High);
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(FloatLanes256 sum) => LaneSums.Total(sum.Low + sum.High);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Add(Vector256<sbyte> w, sbyte* a, Vector256<float> scale, Vector256<float> sum) =>
            Vector256.FusedMultiplyAdd(
            Vector256.ConvertToSingle(Nibbles.Dot(Avx2.Abs(w), Avx2.Sign(Vector256.Load(a), w))), scale, sum);

        /// <summary>The low nibbles of the eight bytes of a sub-block come before the high ones.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<byte> Sixteen(byte* source)
        {
            ulong q = Unsafe.ReadUnaligned<ulong>(source);
            return Vector128.Create(q, q >> 4).AsByte() & Vector128.Create((byte)15);
        }
    }

    /// <summary>AVX-512 operator.</summary>
    internal struct V512 : IBlockOperator<Weights512, Vector512<float>>
    {
        public static int StepColumns => NVFP4.StepColumns;

        public static int StepBytes => NVFP4.StepBytes;

        public static ActivationLayout Layout => NVFP4.Layout;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Weights512 Load(byte* weights)
        {
            Vector512<byte> lows = Nibbles.LowThenHigh512(weights + 4);
            Vector512<ulong> order = Vector512.Create(0ul, 4, 1, 5, 2, 6, 3, 7);
            Weights512 w;
            w.Q = Signs.Map512(Avx512F.PermuteVar8x64(lows.AsUInt64(), order).AsByte(), MXFP4.LowValues, MXFP4.HighValues);
            w.Scale = Avx512F.PermuteVar16x32(
                Scales(weights).ToVector256Unsafe().ToVector512Unsafe(), Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Dot(in Weights512 weights, byte* values, byte* scales, Vector512<float> sum)
        {
            Vector512<sbyte> a = Vector512.Load((sbyte*)values);
            Vector512<int> dot = Nibbles.Dot(Avx512BW.Abs(weights.Q), Signs.Apply(a, weights.Q));
            Vector512<float> d = Nibbles.SpreadLanes01(Vector128.Load((float*)scales));
            return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dot), weights.Scale * d, sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector512<float> sum) => LaneSums.Total(sum.GetLower() + sum.GetUpper());
    }
}
