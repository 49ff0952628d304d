using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>IQ4_NL: 32 elements, <c>d:f16 q:u8[16]</c> (split halves), y = d·value(n).</summary>
internal unsafe struct IQ4_NL : IBlocksOf32
{
    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    /// <summary><see cref="Values"/> as two little-endian words.</summary>
    public const ulong LowValues = 0xF6EADDCFBFAD9881, HighValues = 0x7159453526190D01;

    /// <summary>The sixteen levels, shared with IQ4_XS.</summary>
    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 16; j++)
        {
            destination[j] = d * Values[source[2 + j] & 15];
            destination[j + 16] = d * Values[source[2 + j] >> 4];
        }
    }

    public static int EightBytes => 8 * 18;

    public static int Bias => 0;

    public static bool HasHalves => true;

    public static int MostValue => 255;

    public static bool HasOffsets => false;

    public static int Value(byte* eight, int i) => Values[(eight[(18 * (i >> 5)) + 2 + (i & 15)] >> (4 * ((i >> 4) & 1))) & 15];

    public static float Scale(byte* eight, int block, out float offset)
    {
        offset = 0;
        return Float16.Read(eight + (18 * block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bytes256(byte* eight, int block) =>
        Signs.Map256(Nibbles.Split256(eight + (18 * block) + 2), LowValues, HighValues).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Bytes512(byte* eight, int pair) =>
        Signs.Map512(Nibbles.Split512(eight + (36 * pair) + 2, eight + (36 * pair) + 20), LowValues, HighValues).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) =>
        Signs.MapHalves256(eight + (36 * pair) + 2, 18, LowValues, HighValues, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper)
    {
        Vector512<byte> lower = Nibbles.Halves512(eight + (72 * four) + 2, 18, out upper);
        upper = Signs.Map512(upper, LowValues, HighValues).AsByte();
        return Signs.Map512(lower, LowValues, HighValues).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* eight, out Vector256<float> offsets)
    {
        offsets = default;
        return BlockScales.Halves(eight, 18);
    }
}
