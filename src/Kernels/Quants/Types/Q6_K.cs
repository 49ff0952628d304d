using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// Q6_K: 256 elements, <c>ql:u8[128] qh:u8[64] sc:i8[16] d:f16</c>; groups of 16: y = (d·sc)·(v − 32), v in 0..63.
/// </summary>
internal unsafe struct Q6_K : IBlocksOf256
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

    public static BlockForm Form => BlockForm.Biased;

    public static int Bias => 32;

    public static int MostValue => 63;

    public static bool HasWideGroups => false;

    public static int DOffset => 208;

    public static void Group(byte* block, int g, out int scale, out int min)
    {
        scale = ((sbyte*)block)[ScalesOffset + g];
        min = 32 * scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        Vector256<short> scales = Widening.ToShorts(Vector128.Load((sbyte*)block + ScalesOffset));
        mins = Vector256.ShiftLeft(scales, 5);
        return scales;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k)
    {
        Vector256<ushort> low = Vector256.Load(block + (64 * (k >> 2)) + (32 * (k & 1))).AsUInt16();
        Vector256<ushort> high = Vector256.Load(block + HighOffset + (32 * (k >> 2))).AsUInt16();
        Vector256<byte> nibbles = Vector256.ShiftRightLogical(low, 4 * ((k >> 1) & 1)).AsByte() & Vector256.Create((byte)15);
        high = (k & 3) < 2 ? Vector256.ShiftLeft(high, 4 - (2 * (k & 3))) : Vector256.ShiftRightLogical(high, (2 * (k & 3)) - 4);
        return nibbles | (high.AsByte() & Vector256.Create((byte)48));
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
}
