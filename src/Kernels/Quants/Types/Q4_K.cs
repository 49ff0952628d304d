using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// Q4_K: 256 elements, <c>d:f16 dmin:f16 s:u8[12] q:u8[128]</c>; eight sub-blocks j of 32 with six-bit scales and minimums:
/// y = (d·sc_j)·v − dmin·mn_j.
/// </summary>
internal unsafe struct Q4_K : IBlocksOf256
{
    public static int BlockElements => 256;

    public static int BlockBytes => 144;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float dmin = Float16.Read(source + 2);
        for (int j = 0; j < 8; j++)
        {
            SixBitScales.Get(source + 4, j, out int sc, out int mn);
            float scale = d * sc;
            float min = dmin * mn;
            byte* q = source + 16 + (32 * (j / 2));
            int shift = 4 * (j & 1);
            for (int l = 0; l < 32; l++)
            {
                destination[(32 * j) + l] = (scale * ((q[l] >> shift) & 15)) - min;
            }
        }
    }

    public static BlockForm Form => BlockForm.Minimums;

    public static int Bias => 0;

    public static int MostValue => 15;

    public static bool HasWideGroups => true;

    public static int DOffset => 0;

    public static int Value(byte* block, int i) => (block[16 + (32 * (i >> 6)) + (i & 31)] >> (4 * ((i >> 5) & 1))) & 15;

    public static void Group(byte* block, int g, out int scale, out int min) => SixBitScales.Get(block + 4, g >> 1, out scale, out min);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins) => SixBitScales.Groups(block + 4, out mins);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> WideGroups(byte* block, out Vector128<short> mins)
    {
        Vector256<short> all = SixBitScales.Unpack(block + 4);
        mins = all.GetUpper();
        return all.GetLower();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) =>
        Vector256.ShiftRightLogical(Vector256.Load(block + 16 + (32 * (k >> 1))).AsUInt16(), 4 * (k & 1)).AsByte()
            & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => Nibbles.LowThenHigh512(block + 16 + (32 * k));
}
