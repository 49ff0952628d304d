using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Products of packed signed bytes of 8 bits, where VNNI does not take them as they are: magnitudes times activations fit 16 bits in pairs,
/// −2·128·128 to 2·128·127, but not in fours. Where a weight is negative the activation's bits are turned over, which any port of the
/// processor can do, unlike a change of sign. That gives −a − 1, so that sums start at what the magnitudes of negative weights add up to
/// (<see cref="AddStarts"/>).
/// </summary>
internal static unsafe class SignedQuads
{
    /// <summary>Bytes of four columns: magnitudes, then what turns activations over.</summary>
    public const int QuadBytes = 2 * PanelLayout.QuadBytes;

    /// <summary>Packs 32 columns of sixteen rows into eight quads.</summary>
    /// <param name="rows">Signed bytes of each row.</param>
    /// <param name="panel">Aligned to 64 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(Vector256<byte>* rows, byte* panel)
    {
        Transpose.Store16((Vector256<int>*)rows, panel, QuadBytes);
        for (byte* end = panel + (8 * QuadBytes); panel < end; panel += QuadBytes)
        {
            Vector256<sbyte> first = Vector256.Load((sbyte*)panel), second = Vector256.Load((sbyte*)panel + 32);
            Avx2.Abs(first).Store(panel);
            Avx2.Abs(second).Store(panel + 32);
            Avx2.CompareGreaterThan(Vector256<sbyte>.Zero, first).Store((sbyte*)panel + 64);
            Avx2.CompareGreaterThan(Vector256<sbyte>.Zero, second).Store((sbyte*)panel + 96);
        }
    }

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
            AddOne<TTokens>(w + QuadBytes, x + 4, stride, low, high, ref sum0, ref sum1, ref sum2, ref sum3);
            w += 2 * QuadBytes;
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
        Vector256<byte> magnitudes = Vector256.Load(w), others = Vector256.Load(w + 32);
        Vector256<sbyte> first = Vector256.Load((sbyte*)w + 64), second = Vector256.Load((sbyte*)w + 96);
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
        // In step: one chain after the other is a quarter slower (docs/kernels.md).
        Vector256<sbyte> a = Vector256.Create(*(int*)x).AsSByte();
        Vector256<sbyte> b = a ^ otherTurned;
        a ^= turned;
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(magnitudes, a);
        Vector256<short> otherPairs = Avx2.MultiplyAddAdjacent(others, b);
        sum.Add(pairs, otherPairs, low, high);
    }

    /// <summary>Packs 64 columns of sixteen rows into sixteen quads, with AVX-512.</summary>
    /// <param name="rows">Signed bytes of each row.</param>
    /// <param name="panel">Aligned to 64 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack512(Vector512<byte>* rows, byte* panel)
    {
        Transpose.Store16((Vector512<int>*)rows, panel, QuadBytes, 16);
        for (byte* end = panel + (16 * QuadBytes); panel < end; panel += QuadBytes)
        {
            Vector512<sbyte> all = Vector512.Load((sbyte*)panel);
            Avx512BW.Abs(all).Store(panel);
            Vector512.LessThan(all, Vector512<sbyte>.Zero).Store((sbyte*)panel + 64);
        }
    }

    /// <summary>Adds the products of 32 columns with one token, or four, with AVX-512: their chains in step.</summary>
    /// <param name="w">Eight quads.</param>
    /// <param name="x">The first token's activations.</param>
    /// <param name="stride">Bytes to those of the next.</param>
    /// <param name="factor">That of each row, twice.</param>
    /// <param name="sum0">Sums of the first token.</param>
    /// <param name="sum1">Those of the second.</param>
    /// <param name="sum2">Those of the third.</param>
    /// <param name="sum3">Those of the fourth.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add512<TTokens>(byte* w, byte* x, long stride, Vector512<short> factor, ref Vector512<int> sum0,
        ref Vector512<int> sum1, ref Vector512<int> sum2, ref Vector512<int> sum3)
        where TTokens : IPanelTokens
    {
        RowPrefetch.NextTokens<TTokens>(x, stride);
        for (byte* end = x + 32; x < end; x += 4)
        {
            Vector512<byte> magnitudes = Vector512.Load(w);
            Vector512<sbyte> turned = Vector512.Load((sbyte*)w + 64);
            Vector512<sbyte> a0 = PanelDot512.Four(x) ^ turned;
            if (TTokens.AreFour)
            {
                Vector512<sbyte> a1 = PanelDot512.Four(x + stride) ^ turned;
                Vector512<sbyte> a2 = PanelDot512.Four(x + (2 * stride)) ^ turned;
                Vector512<sbyte> a3 = PanelDot512.Four(x + (3 * stride)) ^ turned;
                Vector512<short> p0 = Avx512BW.MultiplyAddAdjacent(magnitudes, a0);
                Vector512<short> p1 = Avx512BW.MultiplyAddAdjacent(magnitudes, a1);
                Vector512<short> p2 = Avx512BW.MultiplyAddAdjacent(magnitudes, a2);
                Vector512<short> p3 = Avx512BW.MultiplyAddAdjacent(magnitudes, a3);
                Vector512<int> q0 = Avx512BW.MultiplyAddAdjacent(p0, factor);
                Vector512<int> q1 = Avx512BW.MultiplyAddAdjacent(p1, factor);
                Vector512<int> q2 = Avx512BW.MultiplyAddAdjacent(p2, factor);
                Vector512<int> q3 = Avx512BW.MultiplyAddAdjacent(p3, factor);
                sum0 += q0;
                sum1 += q1;
                sum2 += q2;
                sum3 += q3;
            }
            else
            {
                sum0 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(magnitudes, a0), factor);
            }

            w += QuadBytes;
        }
    }

    /// <summary>What the sums of 32 columns start at, with AVX-512.</summary>
    /// <param name="w">Eight quads.</param>
    /// <param name="factor">That of each row, twice.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Starts512(byte* w, Vector512<short> factor)
    {
        Vector256<byte> none = default;
        Vector512<int> taken = default, other = default;
        Add512<OneToken>(w, (byte*)&none, 0, factor, ref taken, ref other, ref other, ref other);
        return -taken;
    }
}
