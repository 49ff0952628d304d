using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// Q6_K: 256 elements, <c>ql:u8[128] qh:u8[64] sc:i8[16] d:f16</c>; groups of 16: y = (d·sc)·(v − 32), v in 0..63.
/// </summary>
internal unsafe struct Q6_K : ISuperBlock
{
    private const int HighOffset = 128;
    private const int ScalesOffset = 192;

    public static int BlockElements => 256;

    public static int BlockBytes => 210;

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

    public static SuperBlockForm Form => SuperBlockForm.Biased;

    public static int MostValue => 63;

    public static int DOffset => 208;

    public static void Group(byte* block, int g, out int scale, out int min)
    {
        scale = ((sbyte*)block)[ScalesOffset + g];
        min = 32 * scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        Vector256<short> scales = Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)block + ScalesOffset));
        mins = Vector256.ShiftLeft(scales, 5);
        return scales;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k)
    {
        Vector256<ushort> low = Vector256.Load(block + (64 * (k >> 2)) + (32 * (k & 1))).AsUInt16();
        Vector256<ushort> high = Vector256.Load(block + HighOffset + (32 * (k >> 2))).AsUInt16();
        Vector256<byte> nibbles = Vector256.ShiftRightLogical(low, 4 * ((k >> 1) & 1)).AsByte() & Vector256.Create((byte)15);
        return nibbles | (Vector256.ShiftLeft(Vector256.ShiftRightLogical(high, 2 * (k & 3)), 4).AsByte() & Vector256.Create((byte)48));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k)
    {
        Vector512<ushort> low = Vector512.Load(block + (64 * (k >> 1))).AsUInt16();
        Vector512<byte> nibbles = Vector512.ShiftRightLogical(low, 4 * (k & 1)).AsByte() & Vector512.Create((byte)15);
        // A rotation moves the two bits of either half to bits 4 and 5; what crosses into a neighbouring byte is masked away.
        ulong first = 0x0000000100000001ul * (uint)(((4 * (k & 1)) - 4) & 31);
        ulong second = 0x0000000100000001ul * (uint)(((4 * (k & 1)) - 2) & 31);
        Vector512<uint> counts = Vector512.Create(first, first, first, first, second, second, second, second).AsUInt32();
        Vector512<uint> high = Avx512F.RotateRightVariable(Nibbles.Twice(block + HighOffset + (32 * (k >> 1))).AsUInt32(), counts);
        return nibbles | (high.AsByte() & Vector512.Create((byte)48));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Value(byte* block, int i)
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
            Vector256<int> bias = Avx2.MultiplyAddAdjacent(weights.Scales, Vector256.Load((short*)(values + ActivationRow.SumsOffset)));
            dot -= Vector256.ShiftLeft(bias, 5);
            float d = *(float*)(values + ActivationRow.Scale256Offset);
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
}
