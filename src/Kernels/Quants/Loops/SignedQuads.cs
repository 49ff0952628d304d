using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Products of packed signed bytes of 8 bits, with AVX2: magnitudes times activations that took their signs fit 16 bits in pairs,
/// at most 2·128·127, but not in fours.</summary>
internal static unsafe class SignedQuads
{
    /// <summary>Adds those of 32 columns with one token, or four.</summary>
    /// <param name="w">Eight quads.</param>
    /// <param name="x">The first token's activations.</param>
    /// <param name="stride">Bytes to those of the next.</param>
    /// <param name="low">The factor of rows 0–7, each twice.</param>
    /// <param name="high">That of rows 8–15.</param>
    /// <param name="sum0">Sums of the first token.</param>
    /// <param name="sum1">Those of the second.</param>
    /// <param name="sum2">Those of the third.</param>
    /// <param name="sum3">Those of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<TTokens>(byte* w, byte* x, long stride, Vector256<short> low, Vector256<short> high,
        ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        RowPrefetch.NextTokens<TTokens>(x, stride);
        for (byte* end = x + 32; x < end; x += 8)
        {
            AddOne<TTokens>(w, x, stride, low, high, ref sum0, ref sum1, ref sum2, ref sum3);
            AddOne<TTokens>(w + PanelLayout.QuadBytes, x + 4, stride, low, high, ref sum0, ref sum1, ref sum2, ref sum3);
            w += 2 * PanelLayout.QuadBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne<TTokens>(byte* w, byte* x, long stride, Vector256<short> low, Vector256<short> high,
        ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        Vector256<sbyte> first = Vector256.Load((sbyte*)w), second = Vector256.Load((sbyte*)(w + 32));
        Vector256<byte> magnitudes = Avx2.Abs(first), others = Avx2.Abs(second);
        AddOne(first, second, magnitudes, others, x, low, high, ref sum0);
        if (TTokens.AreFour)
        {
            AddOne(first, second, magnitudes, others, x + stride, low, high, ref sum1);
            AddOne(first, second, magnitudes, others, x + (2 * stride), low, high, ref sum2);
            AddOne(first, second, magnitudes, others, x + (3 * stride), low, high, ref sum3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne(Vector256<sbyte> first, Vector256<sbyte> second, Vector256<byte> magnitudes, Vector256<byte> others, byte* x,
        Vector256<short> low, Vector256<short> high, ref RowInts sum)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        sum.Low += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, Avx2.Sign(a, first)), low);
        sum.High += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(others, Avx2.Sign(a, second)), high);
    }
}
