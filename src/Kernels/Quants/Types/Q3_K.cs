using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Q3_K: 256 elements, <c>hmask:u8[32] q:u8[64] scales:u8[12] d:f16</c>; groups of 16 with six-bit scales: y = (d·sc)·v.</summary>
internal unsafe struct Q3_K : IBlocksOf256
{
    public static int BlockElements => 256;

    public static int BlockBytes => 110;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 108);
        for (int g = 0; g < 16; g++)
        {
            float scale = d * GroupScale(source + 96, g);
            byte* mask = source + (16 * (g & 1));
            byte* q = source + 32 + (32 * (g >> 3)) + (16 * (g & 1));
            int shift = 2 * ((g >> 1) & 3);
            for (int l = 0; l < 16; l++)
            {
                int v = ((q[l] >> shift) & 3) - ((((mask[l] >> (g >> 1)) & 1) ^ 1) << 2);
                destination[(16 * g) + l] = scale * v;
            }
        }
    }

    public static BlockForm Form => BlockForm.Biased;

    public static int Bias => 4;

    public static int MostValue => 7;

    public static bool HasWideGroups => false;

    public static int DOffset => 108;

    /// <summary>v + 4, unsigned.</summary>
    public static int Value(byte* block, int i) =>
        ((block[32 + (32 * (i >> 7)) + (i & 31)] >> (2 * ((i >> 5) & 3))) & 3) | (((block[i & 31] >> (i >> 5)) & 1) << 2);

    public static void Group(byte* block, int g, out int scale, out int min)
    {
        scale = GroupScale(block + 96, g);
        min = 4 * scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        if (!Avx2.IsSupported)
        {
            return ScalarGroups.Of<Q3_K>(block, out mins);
        }

        ulong low = Unsafe.ReadUnaligned<ulong>(block + 96);
        Vector128<uint> nibbles = Avx2.ShiftRightLogicalVariable(Vector128.Create(low).AsUInt32(), Vector128.Create(0u, 0, 4, 4))
            & Vector128.Create(0x0F0F0F0Fu);
        Vector128<uint> pairs = Vector128.Create(Unsafe.ReadUnaligned<uint>(block + 104));
        pairs = Avx2.ShiftRightLogicalVariable(pairs, Vector128.Create(0u, 2, 4, 6)) & Vector128.Create(0x03030303u);
        Vector128<sbyte> scales = (nibbles | Vector128.ShiftLeft(pairs, 4)).AsSByte() - Vector128.Create((sbyte)32);
        Vector256<short> words = Avx2.ConvertToVector256Int16(scales);
        mins = Vector256.ShiftLeft(words, 2);
        return words;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) =>
        Signs.Field256(block + 32 + (32 * (k >> 2)), k & 3) | Signs.Plane256(block, k, 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) =>
        Signs.FieldPair512(block + 32 + (32 * (k >> 1)), 2 * (k & 1)) | Signs.Planes512(block, 2 * k, 2);

    private static int GroupScale(byte* scales, int g)
    {
        int low = g < 8 ? scales[g] & 15 : scales[g - 8] >> 4;
        int high = (scales[8 + (g & 3)] >> (2 * (g >> 2))) & 3;
        return (low | (high << 4)) - 32;
    }
}
