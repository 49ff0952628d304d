using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q4_0: 32 elements, <c>d:f16 q:u8[16]</c>, y = (n − 8)·d.</summary>
internal unsafe struct Q4_0 : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 16; j++)
        {
            int q = source[2 + j];
            destination[j] = ((q & 15) - 8) * d;
            destination[j + 16] = ((q >> 4) - 8) * d;
        }
    }

    public static int EightBytes => 8 * 18;

    public static int Bias => 8;

    public static int MostValue => 15;

    public static bool HasHalves => true;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => ((eight[(18 * (i >> 5)) + 2 + (i & 15)] >> (4 * ((i >> 4) & 1))) & 15) - 8;

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Float16.Read(eight + (18 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) => Nibbles.Split256(eight + (18 * block) + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair) => Nibbles.Split512(eight + (36 * pair) + 2, eight + (36 * pair) + 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) =>
        Nibbles.Halves256(eight + (36 * pair) + 2, 18, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper) =>
        Nibbles.Halves512(eight + (72 * four) + 2, 18, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        return BlockScales.Halves(eight, 18);
    }
}
