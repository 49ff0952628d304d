using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>TQ2_0: 256 elements, <c>q:u8[64] d:f16</c>, two bits each, y = (v − 1)·d.</summary>
internal unsafe struct TQ2_0 : IBlocksOf256
{
    public static int BlockElements => 256;

    public static int BlockBytes => 66;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 64);
        for (int i = 0; i < 256; i++)
        {
            int q = source[(32 * (i >> 7)) + (i & 31)];
            destination[i] = (((q >> (2 * ((i >> 5) & 3))) & 3) - 1) * d;
        }
    }

    public static BlockForm Form => BlockForm.Biased;

    public static int Bias => 1;

    public static int MostValue => 2;

    public static bool HasWideGroups => true;

    public static int DOffset => 64;

    /// <summary>v, which stands for v − 1.</summary>
    public static int Value(byte* block, int i) => (block[(32 * (i >> 7)) + (i & 31)] >> (2 * ((i >> 5) & 3))) & 3;

    public static void Group(byte* block, int g, out int scale, out int min) => (scale, min) = (1, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> WideGroups(byte* block, out Vector128<short> mins) => mins = Vector128<short>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Groups(byte* block, out Vector256<short> mins)
    {
        mins = Vector256<short>.One;
        return Vector256<short>.One;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values256(byte* block, int k) => Signs.Field256(block + (32 * (k >> 2)), k & 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Values512(byte* block, int k) => Signs.FieldPair512(block + (32 * (k >> 1)), 2 * (k & 1));
}
