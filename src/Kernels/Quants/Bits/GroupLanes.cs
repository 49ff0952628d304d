using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>
/// Columns of a row ordered so that several vectors have the same groups of columns in the same lanes: their products are added before they
/// are scaled. Weights and activations are ordered alike.
/// </summary>
internal static unsafe class GroupLanes
{
    /// <summary>Of each 128-bit lane of four vectors, the first four columns go to the first, and so on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OfFour(ref Vector256<byte> v0, ref Vector256<byte> v1, ref Vector256<byte> v2, ref Vector256<byte> v3)
    {
        Vector256<int> a = Avx2.UnpackLow(v0.AsInt32(), v1.AsInt32()), b = Avx2.UnpackHigh(v0.AsInt32(), v1.AsInt32()),
            c = Avx2.UnpackLow(v2.AsInt32(), v3.AsInt32()), d = Avx2.UnpackHigh(v2.AsInt32(), v3.AsInt32());
        v0 = Avx2.UnpackLow(a.AsInt64(), c.AsInt64()).AsByte();
        v1 = Avx2.UnpackHigh(a.AsInt64(), c.AsInt64()).AsByte();
        v2 = Avx2.UnpackLow(b.AsInt64(), d.AsInt64()).AsByte();
        v3 = Avx2.UnpackHigh(b.AsInt64(), d.AsInt64()).AsByte();
    }

    /// <summary>Of each 128-bit lane of two vectors, the first eight columns go to the first, the others to the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OfTwo(ref Vector256<byte> v0, ref Vector256<byte> v1)
    {
        Vector256<long> a = v0.AsInt64(), b = v1.AsInt64();
        v0 = Avx2.UnpackLow(a, b).AsByte();
        v1 = Avx2.UnpackHigh(a, b).AsByte();
    }

    /// <summary>Orders 256 columns of activations, by fours or by twos of their vectors of 32 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Arrange(byte* x, byte* to, bool byFours)
    {
        for (int i = 0; i < 256; i += 128)
        {
            Vector256<byte> v0 = Vector256.Load(x + i), v1 = Vector256.Load(x + i + 32), v2 = Vector256.Load(x + i + 64),
                v3 = Vector256.Load(x + i + 96);
            if (byFours)
            {
                OfFour(ref v0, ref v1, ref v2, ref v3);
            }
            else
            {
                OfTwo(ref v0, ref v1);
                OfTwo(ref v2, ref v3);
            }

            v0.Store(to + i);
            v1.Store(to + i + 32);
            v2.Store(to + i + 64);
            v3.Store(to + i + 96);
        }
    }

    /// <summary>Four of the eight words that lie in either half of a vector, each in a 64-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Spread(Vector256<short> words, int first, int second, int third, int fourth) => Avx2.Shuffle(
        words.AsByte(), Vector256.Create(Fours(first), Fours(second), Fours(third), Fours(fourth)).AsByte()).AsInt16();

    /// <summary>The even ones of the eight words that lie in either half of a vector, each in a 32-bit lane, then the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> SpreadEvenThenOdd(Vector256<short> words) => Avx2.Shuffle(words.AsByte(),
        Vector256.Create(0x0504050401000100, 0x0D0C0D0C09080908, 0x0706070603020302, 0x0F0E0F0E0B0A0B0A).AsByte()).AsInt16();

    /// <summary>The index of bytes that repeats a word four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Fours(int word) => 0x0100010001000100 + (0x0202020202020202 * word);
}
