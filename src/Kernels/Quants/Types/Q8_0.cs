using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q8_0: 32 elements, <c>d:f16 q:i8[32]</c>, y = q·d.</summary>
internal unsafe struct Q8_0 : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 34;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 32; j++)
        {
            destination[j] = ((sbyte*)source)[2 + j] * d;
        }
    }

    public static int EightBytes => 8 * 34;

    public static int Bias => 0;

    public static int MostValue => 255;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => ((sbyte*)eight)[(34 * (i >> 5)) + 2 + (i & 31)];

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Float16.Read(eight + (34 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) => Vector256.Load(eight + (34 * block) + 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair)
    {
        byte* first = eight + (68 * pair);
        return Avx512F.InsertVector256(Vector256.Load(first + 2).ToVector512Unsafe(), Vector256.Load(first + 36), 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        return BlockScales.Halves(eight, 34);
    }
}
