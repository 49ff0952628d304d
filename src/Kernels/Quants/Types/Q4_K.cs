using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// Q4_K: 256 elements, <c>d:f16 dmin:f16 s:u8[12] q:u8[128]</c>; eight sub-blocks j of 32 with six-bit scales and minimums:
/// y = (d·sc_j)·v − dmin·mn_j.
/// </summary>
internal unsafe struct Q4_K : ISuperBlock
{
    public static int BlockElements => 256;

    public static int BlockBytes => 144;

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

    public static SuperBlockForm Form => SuperBlockForm.Minimums;

    public static int MostValue => 15;

    public static int DOffset => 0;

    public static int Value(byte* block, int i) => (block[16 + (32 * (i >> 6)) + (i & 31)] >> (4 * ((i >> 5) & 1))) & 15;

    public static void Group(byte* block, int g, out int scale, out int min) => SixBitScales.Get(block + 4, g >> 1, out scale, out min);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins) => SixBitScales.Groups(block + 4, out mins);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) =>
        Vector256.ShiftRightLogical(Vector256.Load(block + 16 + (32 * (k >> 1))).AsUInt16(), 4 * (k & 1)).AsByte() & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => Nibbles.LowThenHigh512(block + 16 + (32 * k));

    /// <summary>Unpacked scales; the nibbles stay in memory.</summary>
    internal struct Scaled256
    {
        public unsafe byte* Q;
        public Vector256<short> Scales;
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
            Vector256<int> mins = Avx2.MultiplyAddAdjacent(weights.Mins, Vector256.Load((short*)(values + ActivationRow.SumsOffset)));
            float d = *(float*)(values + ActivationRow.Scale256Offset);
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
}
