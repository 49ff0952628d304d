using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>IQ4_XS: 256 elements, <c>d:f16 sh:u16 sl:u8[4] q:u8[128]</c>; sub-blocks of 32: y = (d·(ls − 32))·value(n).</summary>
internal unsafe struct IQ4_XS : IBlocksOf256
{
    public static int BlockElements => 256;

    public static int BlockBytes => 136;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int g = 0; g < 8; g++)
        {
            float scale = d * GroupScale(source, g);
            for (int j = 0; j < 16; j++)
            {
                int q = source[8 + (16 * g) + j];
                destination[(32 * g) + j] = scale * IQ4_NL.Values[q & 15];
                destination[(32 * g) + j + 16] = scale * IQ4_NL.Values[q >> 4];
            }
        }
    }

    public static BlockForm Form => BlockForm.Signed;

    public static int Bias => 0;

    public static int MostValue => 127;

    public static bool HasWideGroups => true;

    public static int DOffset => 0;

    public static int Value(byte* block, int i) => IQ4_NL.Values[(block[8 + (16 * (i >> 5)) + (i & 15)] >> (4 * ((i >> 4) & 1))) & 15];

    public static void Group(byte* block, int g, out int scale, out int min) => (scale, min) = (GroupScale(block, g >> 1), 0);

    /// <summary>Eight scales in 32 bits, then each doubled to two of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        if (!Avx2.IsSupported)
        {
            return ScalarGroups.Of<IQ4_XS>(block, out mins);
        }

        Vector256<uint> scales = SixBits(block);
        mins = Vector256<short>.Zero;
        return (scales | Vector256.ShiftLeft(scales, 16)).AsInt16() - Vector256.Create((short)32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> WideGroups(byte* block, out Vector128<short> mins)
    {
        Vector256<int> scales = SixBits(block).AsInt32();
        mins = Vector128<short>.Zero;
        return Sse41.PackUnsignedSaturate(scales.GetLower(), scales.GetUpper()).AsInt16() - Vector128.Create((short)32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> SixBits(byte* block)
    {
        Vector256<uint> low = Vector256.Create(Unsafe.ReadUnaligned<uint>(block + 4));
        Vector256<uint> high = Vector256.Create((uint)Unsafe.ReadUnaligned<ushort>(block + 2));
        low = Avx2.ShiftRightLogicalVariable(low, Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28)) & Vector256.Create(15u);
        high = Avx2.ShiftRightLogicalVariable(high, Vector256.Create(0u, 2, 4, 6, 8, 10, 12, 14)) & Vector256.Create(3u);
        return low | Vector256.ShiftLeft(high, 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) =>
        Signs.Map256(Nibbles.Split256(block + 8 + (16 * k)), IQ4_NL.LowValues, IQ4_NL.HighValues).AsByte();

    public static bool HasHalves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* block, int pair, out Vector256<byte> upper) =>
        Signs.MapHalves256(block + 8 + (32 * pair), 16, IQ4_NL.LowValues, IQ4_NL.HighValues, out upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) =>
        Signs.Map512(Nibbles.Split512(block + 8 + (32 * k), block + 24 + (32 * k)), IQ4_NL.LowValues, IQ4_NL.HighValues).AsByte();

    private static int GroupScale(byte* block, int g)
    {
        int high = block[2] | (block[3] << 8);
        return (((block[4 + (g >> 1)] >> (4 * (g & 1))) & 15) | (((high >> (2 * g)) & 3) << 4)) - 32;
    }
}
