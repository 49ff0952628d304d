using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q5_1: 32 elements, <c>d:f16 m:f16 qh:u32 q:u8[16]</c>, y = v·d + m.</summary>
internal unsafe struct Q5_1 : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 24;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float m = Float16.Read(source + 2);
        for (int j = 0; j < 32; j++)
        {
            destination[j] = (Value(source, j) * d) + m;
        }
    }

    public static int EightBytes => 8 * 24;

    public static int Bias => 0;

    public static int MostValue => 31;

    public static bool HasHalves => true;

    public static bool HasOffsets => true;

    public static int Value(byte* eight, int i)
    {
        byte* block = eight + (24 * (i >> 5));
        int j = i & 31;
        return ((block[8 + (j & 15)] >> (j >> 4 << 2)) & 15) | (((block[4 + (j >> 3)] >> (j & 7)) & 1) << 4);
    }

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = Float16.Read(eight + (24 * block) + 2);
        return Float16.Read(eight + (24 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) => Nibbles.Split256(eight + (24 * block) + 8)
        | (Signs.Mask256(Unsafe.ReadUnaligned<uint>(eight + (24 * block) + 4)) & Vector256.Create((byte)16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair)
    {
        byte* first = eight + (48 * pair);
        return Nibbles.Split512(first + 8, first + 32)
            | (Signs.Mask512(Unsafe.ReadUnaligned<uint>(first + 4), Unsafe.ReadUnaligned<uint>(first + 28)) & Vector512.Create((byte)16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper)
    {
        byte* first = eight + (48 * pair);
        Vector256<byte> lower = Nibbles.Halves256(first + 8, 24, out upper);
        uint a = Unsafe.ReadUnaligned<uint>(first + 4), b = Unsafe.ReadUnaligned<uint>(first + 28);
        upper |= Signs.Mask256((a >> 16) | (b & 0xFFFF0000)) & Vector256.Create((byte)16);
        return lower | (Signs.Mask256((a & 0xFFFF) | (b << 16)) & Vector256.Create((byte)16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper)
    {
        Vector256<byte> first = Halves256(eight, 2 * four, out Vector256<byte> upperFirst),
            second = Halves256(eight, (2 * four) + 1, out Vector256<byte> upperSecond);
        upper = Vector512.Create(upperFirst, upperSecond);
        return Vector512.Create(first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets) => BlockScales.Pairs(eight, 24, out offsets);
}
