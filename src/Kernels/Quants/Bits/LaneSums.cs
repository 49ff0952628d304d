using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>The eight running sums of an output and how integer lanes come into them.</summary>
internal static unsafe class LaneSums
{
    /// <summary>Running sums of an output.</summary>
    public const int Lanes = 8;

    /// <summary>The output of eight sums, in the order of <see cref="Total8"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(Vector256<float> sums)
    {
        Vector128<float> four = sums.GetLower() + sums.GetUpper();
        Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3));
        return two[0] + two[1];
    }

    /// <summary>The outputs of eight of sixteen rows: ((S0 + S4) + (S2 + S6)) + ((S1 + S5) + (S3 + S7)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Total8(float* sums)
    {
        Vector256<float> s0 = Vector256.Load(sums) + Vector256.Load(sums + 64);
        Vector256<float> s1 = Vector256.Load(sums + 16) + Vector256.Load(sums + 80);
        Vector256<float> s2 = Vector256.Load(sums + 32) + Vector256.Load(sums + 96);
        Vector256<float> s3 = Vector256.Load(sums + 48) + Vector256.Load(sums + 112);
        return (s0 + s2) + (s1 + s3);
    }

    /// <summary>Eight sums of eight lanes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfEight256(Vector256<int>* v) => AddHalves(OfFour(v[0], v[1], v[2], v[3]), OfFour(v[4], v[5], v[6], v[7]));

    /// <summary>Sums of four lanes: in each 128-bit lane those of a, b, c and d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfFour(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d)
    {
        Vector256<int> ab = Avx2.UnpackLow(a, b) + Avx2.UnpackHigh(a, b);
        Vector256<int> cd = Avx2.UnpackLow(c, d) + Avx2.UnpackHigh(c, d);
        return Avx2.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Avx2.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();
    }

    /// <summary>The same of 16-bit lanes, of which four added fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfFour(Vector256<short> a, Vector256<short> b, Vector256<short> c, Vector256<short> d)
    {
        Vector256<short> ab = Avx2.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16() + Avx2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16();
        Vector256<short> cd = Avx2.UnpackLow(c.AsInt32(), d.AsInt32()).AsInt16() + Avx2.UnpackHigh(c.AsInt32(), d.AsInt32()).AsInt16();
        Vector256<short> four = Avx2.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt16()
            + Avx2.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt16();
        return Avx2.MultiplyAddAdjacent(four, Vector256<short>.One);
    }

    /// <summary>The same of 16-bit lanes, of which two added fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfFourLarge(Vector256<short> a, Vector256<short> b, Vector256<short> c, Vector256<short> d)
    {
        Vector256<short> ab = Avx2.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16() + Avx2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16();
        Vector256<short> cd = Avx2.UnpackLow(c.AsInt32(), d.AsInt32()).AsInt16() + Avx2.UnpackHigh(c.AsInt32(), d.AsInt32()).AsInt16();
        Vector256<long> ab32 = Avx2.MultiplyAddAdjacent(ab, Vector256<short>.One).AsInt64(),
            cd32 = Avx2.MultiplyAddAdjacent(cd, Vector256<short>.One).AsInt64();
        return Avx2.UnpackLow(ab32, cd32).AsInt32() + Avx2.UnpackHigh(ab32, cd32).AsInt32();
    }

    /// <summary>The 128-bit lanes of a added, below those of b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddHalves(Vector256<int> a, Vector256<int> b) =>
        Avx2.Permute2x128(a, b, 0x20) + Avx2.Permute2x128(a, b, 0x31);

    /// <summary>Sums of the even blocks, then of the odd ones, in the order of blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> InOrder(Vector256<int> evenFirst) =>
        Avx2.PermuteVar8x32(evenFirst, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));

    /// <summary>What belongs to eight blocks: that of the even ones, then of the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> EvenThenOdd(Vector256<float> inOrder) =>
        Avx2.PermuteVar8x32(inOrder, Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));

    /// <summary>Eight sums of eight lanes: of the lower halves of a, b, c, d, then of their upper halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfHalves(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d) =>
        Quarters(OfQuarters(a, b, c, d));

    /// <summary>Sums of four lanes: in each 128-bit lane those of a, b, c and d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> OfQuarters(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<int> ab = Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b);
        Vector512<int> cd = Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d);
        return Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();
    }

    /// <summary>The largest lane of each of eight vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MostOfEight(Vector512<int>* v)
    {
        Vector512<int> a = MostOfHalves(v[0], v[4]), b = MostOfHalves(v[1], v[5]), c = MostOfHalves(v[2], v[6]),
            d = MostOfHalves(v[3], v[7]);
        Vector512<int> ab = Vector512.Max(Avx512F.UnpackLow(a, b), Avx512F.UnpackHigh(a, b));
        Vector512<int> cd = Vector512.Max(Avx512F.UnpackLow(c, d), Avx512F.UnpackHigh(c, d));
        Vector512<int> four = Vector512.Max(
            Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32(), Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32());
        return Vector512.Max(Avx512F.Shuffle4x128(four, four, 0b10_00_10_00), Avx512F.Shuffle4x128(four, four, 0b11_01_11_01)).GetLower();
    }

    /// <summary>The same of 16-bit lanes, of which four added fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfHalves(Vector512<short> a, Vector512<short> b, Vector512<short> c, Vector512<short> d)
    {
        Vector512<short> ab = Avx512F.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16()
            + Avx512F.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16();
        Vector512<short> cd = Avx512F.UnpackLow(c.AsInt32(), d.AsInt32()).AsInt16()
            + Avx512F.UnpackHigh(c.AsInt32(), d.AsInt32()).AsInt16();
        Vector512<short> four = Avx512F.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt16()
            + Avx512F.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt16();
        return Quarters(Avx512BW.MultiplyAddAdjacent(four, Vector512<short>.One));
    }

    /// <summary>Sums of the four 128-bit lanes of a, then of b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfLanes(Vector512<int> a, Vector512<int> b) =>
        InLanes(Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b));

    /// <summary>The same of 16-bit lanes, of which two added fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfLanes(Vector512<short> a, Vector512<short> b) => InLanes(Avx512BW.MultiplyAddAdjacent(
        Avx512F.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt16() + Avx512F.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt16(),
        Vector512<short>.One));

    /// <summary>Of each 128-bit lane, words 0 and 2 added; then words 1 and 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> InLanes(Vector512<int> v)
    {
        v += Avx512F.Shuffle(v, 0b01_00_11_10);
        return Avx512F.PermuteVar16x32(v, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13)).GetLower();
    }

    /// <summary>The same of eight vectors, whose halves are added first: blocks 0–3 and 4–7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfEight(Vector512<int>* v) =>
        OfHalves(Halves(v[0], v[4]), Halves(v[1], v[5]), Halves(v[2], v[6]), Halves(v[3], v[7]));

    /// <summary>The same of eight vectors of eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> OfEight(Vector256<int>* v) => OfHalves(
        Avx512F.InsertVector256(v[0].ToVector512Unsafe(), v[4], 1),
        Avx512F.InsertVector256(v[1].ToVector512Unsafe(), v[5], 1),
        Avx512F.InsertVector256(v[2].ToVector512Unsafe(), v[6], 1),
        Avx512F.InsertVector256(v[3].ToVector512Unsafe(), v[7], 1));

    /// <summary>The halves of a added, below those of b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Halves(Vector512<int> a, Vector512<int> b) =>
        Avx512F.Shuffle4x128(a, b, 0b01_00_01_00) + Avx512F.Shuffle4x128(a, b, 0b11_10_11_10);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> MostOfHalves(Vector512<int> a, Vector512<int> b) =>
        Vector512.Max(Avx512F.Shuffle4x128(a, b, 0b01_00_01_00), Avx512F.Shuffle4x128(a, b, 0b11_10_11_10));

    /// <summary>128-bit lanes 0 and 1 added, then 2 and 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quarters(Vector512<int> four)
    {
        Vector512<int> even = Avx512F.Shuffle4x128(four, four, 0b10_00_10_00); // lanes 0, 2
        Vector512<int> odd = Avx512F.Shuffle4x128(four, four, 0b11_01_11_01); // lanes 1, 3
        return (even + odd).GetLower();
    }
}
