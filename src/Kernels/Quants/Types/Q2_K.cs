using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q2_K: 256 elements, <c>scales:u8[16] q:u8[64] d:f16 dmin:f16</c>; groups of 16: y = (d·(s &amp; 15))·v − dmin·(s &gt;&gt;
/// 4).</summary>
internal unsafe struct Q2_K : IBlocksOf256
{
    public static int BlockElements => 256;

    public static int BlockBytes => 84;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 80);
        float dmin = Float16.Read(source + 82);
        for (int g = 0; g < 16; g++)
        {
            float scale = d * (source[g] & 15);
            float min = dmin * (source[g] >> 4);
            byte* q = source + 16 + (32 * (g >> 3)) + (16 * (g & 1));
            int shift = 2 * ((g >> 1) & 3);
            for (int l = 0; l < 16; l++)
            {
                destination[(16 * g) + l] = (scale * ((q[l] >> shift) & 3)) - min;
            }
        }
    }

    public static BlockForm Form => BlockForm.Minimums;

    public static int Bias => 0;

    public static int MostValue => 3;

    public static bool HasWideGroups => false;

    public static int DOffset => 80;

    public static int Value(byte* block, int i) => (block[16 + (32 * (i >> 7)) + (i & 31)] >> (2 * ((i >> 5) & 3))) & 3;

    public static void Group(byte* block, int g, out int scale, out int min) => (scale, min) = (block[g] & 15, block[g] >> 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        Vector256<short> both = Widening.ToShorts(Vector128.Load(block));
        mins = Vector256.ShiftRightLogical(both, 4);
        return both & Vector256.Create((short)15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) => Signs.Field256(block + 16 + (32 * (k >> 2)), k & 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => Signs.FieldPair512(block + 16 + (32 * (k >> 1)), 2 * (k & 1));
}
