using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Signed byte products, 128 bits wide: on ARM64 by its instructions, elsewhere by plain vectors.</summary>
internal static class SignedDot
{
    /// <summary>
    /// Adds sixteen products (activations never −128) to four sums. Which lane a product goes to depends on the processor; the total
    /// does not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a) =>
        Dp.IsSupported ? Dp.DotProduct(sum, w, a) : AdvSimd.IsSupported ? AddPairs(sum, w, a) : AddPlain(sum, w, a);

    /// <summary>The same without the dot product instruction: two products of at most 128·127 fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPairs(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a)
    {
        Vector128<short> pairs = AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower());
        return AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningUpperAndAdd(pairs, w, a));
    }

    /// <summary>The same without either.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPlain(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a)
    {
        Vector128<short> low = Vector128.WidenLower(w) * Vector128.WidenLower(a), high = Vector128.WidenUpper(w) * Vector128.WidenUpper(a);
        return sum + Vector128.WidenLower(low) + Vector128.WidenUpper(low) + Vector128.WidenLower(high) + Vector128.WidenUpper(high);
    }

    /// <summary>The total of a vector's lanes, which is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Total(Vector128<int> lanes) =>
        AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.AddAcross(lanes).ToScalar() : lanes[0] + lanes[1] + lanes[2] + lanes[3];

    /// <summary>The totals of four vectors in four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Totals(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) => AdvSimd.Arm64.IsSupported
        ? AdvSimd.Arm64.AddPairwise(AdvSimd.Arm64.AddPairwise(a, b), AdvSimd.Arm64.AddPairwise(c, d))
        : Vector128.Create(Total(a), Total(b), Total(c), Total(d));
}
