using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q1_0: 128 elements, <c>d:f16 q:u8[16]</c>, one bit each: set is +d, clear −d.</summary>
internal unsafe struct Q1_0 : IBlocksOf32
{
    public static int BlockElements => 128;

    public static int BlockBytes => 18;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 128; j++)
        {
            destination[j] = Value(source, j) * d;
        }
    }

    public static int EightBytes => 2 * 18;

    public static int Bias => 1;

    public static int MostValue => 2;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => (2 * ((eight[(18 * (i >> 7)) + 2 + ((i & 127) >> 3)] >> (i & 7)) & 1)) - 1;

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Float16.Read(eight + (18 * (block >> 2)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) =>
        Signs.Mask256(Unsafe.ReadUnaligned<uint>(eight + (18 * (block >> 2)) + 2 + (4 * (block & 3)))) & Vector256.Create((byte)2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair)
    {
        byte* bits = eight + (18 * (pair >> 1)) + 2 + (8 * (pair & 1));
        return Signs.Mask512(Unsafe.ReadUnaligned<uint>(bits), Unsafe.ReadUnaligned<uint>(bits + 4)) & Vector512.Create((byte)2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        return Vector256.Create(Vector128.Create(Float16.Read(eight)), Vector128.Create(Float16.Read(eight + 18)));
    }
}
