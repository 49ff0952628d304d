using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels;

/// <summary>
/// Q6_K: 256 elements, <c>ql:u8[128] qh:u8[64] sc:i8[16] d:f16</c>; groups of 16: y = (d·sc)·(v − 32), v in 0..63.
/// </summary>
internal unsafe struct Q6_K : IBlockDecoder, IBlockOperator<WeightPointer, double>
{
    private const int HighOffset = 128;
    private const int ScalesOffset = 192;
    private const int DOffset = 208;

    public static int BlockElements => 256;

    public static int BlockBytes => 210;

    public static int StepColumns => 256;

    public static int StepBytes => 210;

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + DOffset);
        for (int g = 0; g < 16; g++)
        {
            float scale = d * ((sbyte*)source)[ScalesOffset + g];
            for (int i = 16 * g; i < 16 * (g + 1); i++)
            {
                destination[i] = scale * (Value(source, i) - 32);
            }
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        byte* block = weights.Block;
        int total = 0;
        for (int g = 0; g < 16; g++)
        {
            int dot = 0;
            for (int i = 16 * g; i < 16 * (g + 1); i++)
            {
                dot += (Value(block, i) - 32) * ((sbyte*)values)[i];
            }

            total += dot * ((sbyte*)block)[ScalesOffset + g];
        }

        return sum + ((double)Float16.Read(block + DOffset) * *(float*)(values + Activations.Scale256Offset) * total);
    }

    public static float Total(double sum) => (float)sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Value(byte* block, int i)
    {
        int n = i >> 7;
        int k = (i >> 5) & 3;
        int l = i & 31;
        int low = (block[(64 * n) + (32 * (k & 1)) + l] >> (4 * (k >> 1))) & 15;
        return low | (((block[HighOffset + (32 * n) + l] >> (2 * k)) & 3) << 4);
    }

    /// <summary>Scales in 16 bits; the values stay in memory.</summary>
    internal struct Scaled256
    {
        public unsafe byte* Block;
        public Vector256<short> Scales;
        public float D;
    }

    /// <summary>Unpacked values 0..63 and spread scales.</summary>
    internal struct Scaled512
    {
        public Vector512<byte> Q0, Q1, Q2, Q3;
        public Vector512<short> S0, S1, S2, S3;
        public Vector256<short> Scales;
        public float D;
    }

    /// <summary>AVX2 operator.</summary>
    internal struct V256 : IBlockOperator<Scaled256, Vector256<float>>
    {
        public static int StepColumns => 256;

        public static int StepBytes => 210;

        public static ActivationLayout Layout => ActivationLayout.Q8Block256;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Scaled256 Load(byte* weights)
        {
            Scaled256 w;
            w.Block = weights;
            w.Scales = Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)weights + ScalesOffset));
            w.D = Float16.Read(weights + DOffset);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in Scaled256 weights, byte* values, byte* scales, Vector256<float> sum)
        {
            Vector128<short> low = weights.Scales.GetLower();
            Vector128<short> high = weights.Scales.GetUpper();
            Vector256<int> dot = Half(weights.Block, weights.Block + HighOffset, (sbyte*)values, Vector256.Create(low, low))
                + Half(weights.Block + 64, weights.Block + HighOffset + 32, (sbyte*)values + 128, Vector256.Create(high, high));
            Vector256<int> bias = Avx2.MultiplyAddAdjacent(weights.Scales, Vector256.Load((short*)(values + Activations.SumsOffset)));
            dot -= Vector256.ShiftLeft(bias, 5);
            float d = *(float*)(values + Activations.Scale256Offset);
            return Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot), Vector256.Create(weights.D * d), sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Half(byte* low, byte* high, sbyte* a, Vector256<short> scales)
        {
            Vector256<byte> nibble = Vector256.Create((byte)15);
            Vector256<byte> upper = Vector256.Create((byte)48);
            Vector256<byte> l0 = Vector256.Load(low);
            Vector256<byte> l1 = Vector256.Load(low + 32);
            Vector256<ushort> h = Vector256.Load(high).AsUInt16();
            Vector256<byte> v0 = (l0 & nibble) | (Vector256.ShiftLeft(h, 4).AsByte() & upper);
            Vector256<byte> v1 = (l1 & nibble) | (Vector256.ShiftLeft(h, 2).AsByte() & upper);
            Vector256<byte> v2 = (Vector256.ShiftRightLogical(l0.AsUInt16(), 4).AsByte() & nibble) | (h.AsByte() & upper);
            Vector256<byte> v3 = (Vector256.ShiftRightLogical(l1.AsUInt16(), 4).AsByte() & nibble)
                | (Vector256.ShiftRightLogical(h, 2).AsByte() & upper);
            return Scaled(v0, a, scales, 0) + Scaled(v1, a + 32, scales, 2) + Scaled(v2, a + 64, scales, 4) + Scaled(v3, a + 96, scales, 6);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Scaled(Vector256<byte> v, sbyte* a, Vector256<short> scales, int g)
        {
            Vector256<byte> index = Vector256.Create(
                Vector128.Create((short)(0x0100 + (0x0202 * g))), Vector128.Create((short)(0x0302 + (0x0202 * g)))).AsByte();
            return Avx2.MultiplyAddAdjacent(
                Avx2.MultiplyAddAdjacent(v, Vector256.Load(a)), Avx2.Shuffle(scales.AsByte(), index).AsInt16());
        }
    }

    /// <summary>AVX-512 operator.</summary>
    internal struct V512 : IBlockOperator<Scaled512, Vector512<float>>
    {
        public static int StepColumns => 256;

        public static int StepBytes => 210;

        public static ActivationLayout Layout => ActivationLayout.Q8Block256;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Scaled512 Load(byte* weights)
        {
            Scaled512 w;
            Half(weights, weights + HighOffset, out w.Q0, out w.Q1);
            Half(weights + 64, weights + HighOffset + 32, out w.Q2, out w.Q3);
            w.Scales = Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)weights + ScalesOffset));
            w.S0 = Spread(w.Scales, 0);
            w.S1 = Spread(w.Scales, 4);
            w.S2 = Spread(w.Scales, 8);
            w.S3 = Spread(w.Scales, 12);
            w.D = Float16.Read(weights + DOffset);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Dot(in Scaled512 weights, byte* values, byte* scales, Vector512<float> sum)
        {
            sbyte* a = (sbyte*)values;
            Vector512<int> dot0 = Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights.Q0, Vector512.Load(a)), weights.S0);
            Vector512<int> dot1 = Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights.Q1, Vector512.Load(a + 64)), weights.S1);
            dot0 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights.Q2, Vector512.Load(a + 128)), weights.S2);
            dot1 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights.Q3, Vector512.Load(a + 192)), weights.S3);
            Vector256<int> bias = Avx2.MultiplyAddAdjacent(weights.Scales, Vector256.Load((short*)(values + Activations.SumsOffset)));
            dot0 -= Vector256.ShiftLeft(bias, 5).ToVector512();
            float d = *(float*)(values + Activations.Scale256Offset);
            return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dot0 + dot1), Vector512.Create(weights.D * d), sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector512<float> sum) => Vector512.Sum(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Half(byte* low, byte* high, out Vector512<byte> first, out Vector512<byte> second)
        {
            Vector512<byte> l = Vector512.Load(low);
            Vector512<ushort> h = Nibbles.Twice(high).AsUInt16();
            Vector512<byte> nibble = Vector512.Create((byte)15);
            Vector512<byte> upper = Vector512.Create((byte)48);
            Vector512<ushort> left = Vector512.Create(
                (ushort)4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
            Vector512<ushort> right = Vector512.Create(
                (ushort)0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
            first = (l & nibble) | (Avx512BW.ShiftLeftLogicalVariable(h, left).AsByte() & upper);
            second = (Vector512.ShiftRightLogical(l.AsUInt16(), 4).AsByte() & nibble) | (Avx512BW.ShiftRightLogicalVariable(h, right).AsByte() & upper);
        }

        /// <summary>Four scales, eight lanes each.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<short> Spread(Vector256<short> scales, int g) => Avx512BW.PermuteVar32x16(
            scales.ToVector512Unsafe(), Nibbles.Lanes(g, g + 1, g + 2, g + 3));
    }
}
