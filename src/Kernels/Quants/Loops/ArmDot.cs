using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Signed byte products on ARM64.</summary>
internal static class ArmDot
{
    /// <summary>
    /// Adds sixteen products (activations never −128) to four sums. Which lane a product goes to depends on the processor; the total
    /// does not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a) =>
        Dp.IsSupported ? Dp.DotProduct(sum, w, a) : AddPlain(sum, w, a);

    /// <summary>The same without the dot product instruction: two products of at most 128·127 fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPlain(Vector128<int> sum, Vector128<sbyte> w, Vector128<sbyte> a)
    {
        Vector128<short> pairs = AdvSimd.MultiplyWideningLower(w.GetLower(), a.GetLower());
        return AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningUpperAndAdd(pairs, w, a));
    }

    /// <summary>The totals of four vectors in four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Totals(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) =>
        AdvSimd.Arm64.AddPairwise(AdvSimd.Arm64.AddPairwise(a, b), AdvSimd.Arm64.AddPairwise(c, d));
}
