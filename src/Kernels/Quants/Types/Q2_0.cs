using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q2_0: 64 elements, <c>d:f16 q:u8[16]</c>, two bits each, y = (v − 1)·d.</summary>
internal unsafe struct Q2_0 : IBlocksOf32
{
    public static int BlockElements => 64;

    public static int BlockBytes => 18;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 64; j++)
        {
            destination[j] = Value(source, j) * d;
        }
    }

    public static int EightBytes => 4 * 18;

    public static int Bias => 1;

    public static int MostValue => 3;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => ((eight[(18 * (i >> 6)) + 2 + ((i & 63) >> 2)] >> (2 * (i & 3))) & 3) - 1;

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Float16.Read(eight + (18 * (block >> 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block)
    {
        Vector256<uint> q = Widening.ToWords(eight + (18 * (block >> 1)) + 2 + (8 * (block & 1)));
        q |= Vector256.ShiftLeft(q, 6) | Vector256.ShiftLeft(q, 12) | Vector256.ShiftLeft(q, 18);
        return q.AsByte() & Vector256.Create((byte)3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair)
    {
        // field i of a byte goes to byte i of its word
        Vector512<uint> q = Avx512F.ConvertToVector512UInt32(Vector128.Load(eight + (18 * pair) + 2));
        q |= Vector512.ShiftLeft(q, 6) | Vector512.ShiftLeft(q, 12) | Vector512.ShiftLeft(q, 18);
        return q.AsByte() & Vector512.Create((byte)3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        return BlockScales.HalvesTwice(eight, 18);
    }
}
