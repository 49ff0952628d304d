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

    public static int Value(byte* eight, int i) => FiveBits.Value(eight + (24 * (i >> 5)) + 4, i & 31);

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = Float16.Read(eight + (24 * block) + 2);
        return Float16.Read(eight + (24 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) => FiveBits.Split256(eight + (24 * block) + 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair) =>
        FiveBits.Split512(eight + (48 * pair) + 4, eight + (48 * pair) + 28);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) =>
        FiveBits.Halves256(eight + (48 * pair) + 4, 24, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper) =>
        FiveBits.Halves512(eight + (96 * four) + 4, 24, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets) => BlockScales.Pairs(eight, 24, out offsets);
}
