using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q4_1: 32 elements, <c>d:f16 m:f16 q:u8[16]</c>, y = n·d + m.</summary>
internal unsafe struct Q4_1 : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 20;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float m = Float16.Read(source + 2);
        for (int j = 0; j < 16; j++)
        {
            int q = source[4 + j];
            destination[j] = ((q & 15) * d) + m;
            destination[j + 16] = ((q >> 4) * d) + m;
        }
    }

    public static int EightBytes => 8 * 20;

    public static int Bias => 0;

    public static int MostValue => 15;

    public static bool HasHalves => true;

    public static bool HasOffsets => true;

    public static int Value(byte* eight, int i) => ((eight[(20 * (i >> 5)) + 4 + (i & 15)] >> (4 * ((i >> 4) & 1))) & 15);

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = Float16.Read(eight + (20 * block) + 2);
        return Float16.Read(eight + (20 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) => Nibbles.Split256(eight + (20 * block) + 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair) => Nibbles.Split512(eight + (40 * pair) + 4, eight + (40 * pair) + 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) =>
        Nibbles.Halves256(eight + (40 * pair) + 4, 20, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper) =>
        Nibbles.Halves512(eight + (80 * four) + 4, 20, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets) => BlockScales.Pairs(eight, 20, out offsets);
}
