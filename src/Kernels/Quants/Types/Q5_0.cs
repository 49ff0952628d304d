using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q5_0: 32 elements, <c>d:f16 qh:u32 q:u8[16]</c>, y = (v − 16)·d.</summary>
internal unsafe struct Q5_0 : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 22;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 32; j++)
        {
            destination[j] = Value(source, j) * d;
        }
    }

    public static int EightBytes => 8 * 22;

    public static int Bias => 16;

    public static int MostValue => 31;

    public static bool HasHalves => true;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => FiveBits.Value(eight + (22 * (i >> 5)) + 2, i & 31) - 16;

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Float16.Read(eight + (22 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) => FiveBits.Split256(eight + (22 * block) + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair) =>
        FiveBits.Split512(eight + (44 * pair) + 2, eight + (44 * pair) + 24);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) =>
        FiveBits.Halves256(eight + (44 * pair) + 2, 22, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper) =>
        FiveBits.Halves512(eight + (88 * four) + 2, 22, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        return BlockScales.Halves(eight, 22);
    }
}
