using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Products of packed signed bytes of 8 bits, with AVX2: magnitudes times activations fit 16 bits in pairs, at most 2·128·128, but not
/// in fours. Where a weight is negative, the activation's bits are turned over, which any port can do, unlike a change of sign; that gives
/// −a − 1, so that sums start at what the magnitudes of negative weights add up to (<see cref="AddStarts"/>).</summary>
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

    /// <summary>Adds what the sums of 32 columns start at.</summary>
    /// <param name="w">Eight quads.</param>
    /// <param name="low">The factor of rows 0–7, each twice.</param>
    /// <param name="high">That of rows 8–15.</param>
    /// <param name="starts">Sums of sixteen rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddStarts(byte* w, Vector256<short> low, Vector256<short> high, ref RowInts starts)
    {
        Vector256<byte> none = default; // products with nothing are what negative weights take off
        RowInts taken = default, other = default;
        Add<OneToken>(w, (byte*)&none, 0, low, high, ref taken, ref other, ref other, ref other);
        starts.Low -= taken.Low;
        starts.High -= taken.High;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne<TTokens>(byte* w, byte* x, long stride, Vector256<short> low, Vector256<short> high,
        ref RowInts sum0, ref RowInts sum1, ref RowInts sum2, ref RowInts sum3)
        where TTokens : IPanelTokens
    {
        Vector256<sbyte> first = Vector256.Load((sbyte*)w), second = Vector256.Load((sbyte*)(w + 32));
        Vector256<byte> magnitudes = Avx2.Abs(first), others = Avx2.Abs(second);
        first = Avx2.CompareGreaterThan(Vector256<sbyte>.Zero, first);
        second = Avx2.CompareGreaterThan(Vector256<sbyte>.Zero, second);
        AddOne(first, second, magnitudes, others, x, low, high, ref sum0);
        if (TTokens.AreFour)
        {
            AddOne(first, second, magnitudes, others, x + stride, low, high, ref sum1);
            AddOne(first, second, magnitudes, others, x + (2 * stride), low, high, ref sum2);
            AddOne(first, second, magnitudes, others, x + (3 * stride), low, high, ref sum3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddOne(Vector256<sbyte> turned, Vector256<sbyte> otherTurned, Vector256<byte> magnitudes, Vector256<byte> others,
        byte* x, Vector256<short> low, Vector256<short> high, ref RowInts sum)
    {
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        sum.Low += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, a ^ turned), low);
        sum.High += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(others, a ^ otherTurned), high);
    }
}
