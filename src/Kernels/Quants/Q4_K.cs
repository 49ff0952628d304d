using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels;

/// <summary>
/// Q4_K: 256 elements, <c>d:f16 dmin:f16 s:u8[12] q:u8[128]</c>; eight sub-blocks j of 32 with six-bit scales and minimums:
/// y = (d·sc_j)·v − dmin·mn_j.
/// </summary>
internal unsafe struct Q4_K : IBlockDecoder, IBlockOperator<WeightPointer, double>
{
    public static int BlockElements => 256;

    public static int BlockBytes => 144;

    public static int StepColumns => 256;

    public static int StepBytes => 144;

    public static ActivationLayout Layout => ActivationLayout.Q8Block256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float dmin = Float16.Read(source + 2);
        for (int j = 0; j < 8; j++)
        {
            SixBitScales.Get(source + 4, j, out int sc, out int mn);
            float scale = d * sc;
            float min = dmin * mn;
            byte* q = source + 16 + (32 * (j / 2));
            int shift = 4 * (j & 1);
            for (int l = 0; l < 32; l++)
            {
                destination[(32 * j) + l] = (scale * ((q[l] >> shift) & 15)) - min;
            }
        }
    }

    public static WeightPointer Load(byte* weights) => new() { Block = weights };

    public static double Dot(in WeightPointer weights, byte* values, byte* scales, double sum)
    {
        byte* block = weights.Block;
        sbyte* a = (sbyte*)values;
        short* sums = (short*)(values + Activations.SumsOffset);
        int total = 0;
        int mins = 0;
        for (int j = 0; j < 8; j++)
        {
            SixBitScales.Get(block + 4, j, out int sc, out int mn);
            byte* q = block + 16 + (32 * (j / 2));
            int dot = 0;
            for (int l = 0; l < 32; l++)
            {
                dot += ((q[l] >> (4 * (j & 1))) & 15) * a[(32 * j) + l];
            }

            total += sc * dot;
            mins += mn * (sums[2 * j] + sums[(2 * j) + 1]);
        }

        double d = *(float*)(values + Activations.Scale256Offset);
        return sum + (d * (((double)Float16.Read(block) * total) - ((double)Float16.Read(block + 2) * mins)));
    }

    public static float Total(double sum) => (float)sum;

    /// <summary>Unpacked scales; the nibbles stay in memory.</summary>
    internal struct Scaled256
    {
        public unsafe byte* Q;
        public Vector256<short> Scales;
        public Vector256<short> Mins;
        public float D, DMin;
    }

    /// <summary>Unpacked nibbles and spread scales.</summary>
    internal struct Scaled512
    {
        public Vector512<byte> Q0, Q1, Q2, Q3;
        public Vector512<short> S0, S1, S2, S3;
        public Vector256<short> Mins;
        public float D, DMin;
    }

    /// <summary>AVX2 operator.</summary>
    internal struct V256 : IBlockOperator<Scaled256, Vector256<float>>
    {
        public static int StepColumns => 256;

        public static int StepBytes => 144;

        public static ActivationLayout Layout => ActivationLayout.Q8Block256;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Scaled256 Load(byte* weights)
        {
            Vector256<short> all = SixBitScales.Unpack(weights + 4);
            Scaled256 w;
            w.Q = weights + 16;
            w.Scales = Vector256.Create(all.GetLower(), all.GetLower());
            w.Mins = SixBitScales.DoubleUpper(all);
            w.D = Float16.Read(weights);
            w.DMin = Float16.Read(weights + 2);
            return w;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Dot(in Scaled256 weights, byte* values, byte* scales, Vector256<float> sum)
        {
            sbyte* a = (sbyte*)values;
            Vector256<int> dot = Pair(weights.Q, a, weights.Scales, 0) + Pair(weights.Q + 32, a + 64, weights.Scales, 2)
                + Pair(weights.Q + 64, a + 128, weights.Scales, 4) + Pair(weights.Q + 96, a + 192, weights.Scales, 6);
            Vector256<int> mins = Avx2.MultiplyAddAdjacent(weights.Mins, Vector256.Load((short*)(values + Activations.SumsOffset)));
            float d = *(float*)(values + Activations.Scale256Offset);
            sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dot), Vector256.Create(weights.D * d), sum);
            return Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(mins), Vector256.Create(-weights.DMin * d), sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector256<float> sum) => Vector256.Sum(sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Pair(byte* q, sbyte* a, Vector256<short> scales, int j)
        {
            Vector256<byte> both = Vector256.Load(q);
            Vector256<byte> low = both & Vector256.Create((byte)15);
            Vector256<byte> high = Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & Vector256.Create((byte)15);
            return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(low, Vector256.Load(a)), Spread(scales, j))
                + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(high, Vector256.Load(a + 32)), Spread(scales, j + 1));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<short> Spread(Vector256<short> scales, int j) =>
            Avx2.Shuffle(scales.AsByte(), Vector256.Create((short)(0x0100 + (0x0202 * j))).AsByte()).AsInt16();
    }

    /// <summary>AVX-512 operator.</summary>
    internal struct V512 : IBlockOperator<Scaled512, Vector512<float>>
    {
        public static int StepColumns => 256;

        public static int StepBytes => 144;

        public static ActivationLayout Layout => ActivationLayout.Q8Block256;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Scaled512 Load(byte* weights)
        {
            Vector256<short> all = SixBitScales.Unpack(weights + 4);
            Scaled512 w;
            w.Q0 = Nibbles.LowThenHigh512(weights + 16);
            w.Q1 = Nibbles.LowThenHigh512(weights + 48);
            w.Q2 = Nibbles.LowThenHigh512(weights + 80);
            w.Q3 = Nibbles.LowThenHigh512(weights + 112);
            w.S0 = SixBitScales.SpreadPair(all, 0);
            w.S1 = SixBitScales.SpreadPair(all, 2);
            w.S2 = SixBitScales.SpreadPair(all, 4);
            w.S3 = SixBitScales.SpreadPair(all, 6);
            w.Mins = SixBitScales.DoubleUpper(all);
            w.D = Float16.Read(weights);
            w.DMin = Float16.Read(weights + 2);
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
            Vector256<int> mins = Avx2.MultiplyAddAdjacent(weights.Mins, Vector256.Load((short*)(values + Activations.SumsOffset)));
            float d = *(float*)(values + Activations.Scale256Offset);
            Vector512<float> min = (Vector256.ConvertToSingle(mins) * Vector256.Create(weights.DMin * d)).ToVector512();
            return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dot0 + dot1), Vector512.Create(weights.D * d), sum - min);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Total(Vector512<float> sum) => Vector512.Sum(sum);
    }
}
