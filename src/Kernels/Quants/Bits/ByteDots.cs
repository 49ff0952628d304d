using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>The VNNI instruction, and its twin on processors that have AVX2 only (so that code that uses it can be tested there).</summary>
internal static class ByteDots
{
    /// <summary>Adds four products of unsigned and signed bytes to each sum, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> w, Vector256<sbyte> a)
    {
        if (AvxVnni.IsSupported)
        {
            return AvxVnni.MultiplyWideningAndAdd(sum, w, a);
        }

        Vector256<short> even = w.AsInt16() & Vector256.Create((short)255), odd = Vector256.ShiftRightLogical(w.AsInt16(), 8);
        Vector256<short> evenA = Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(a.AsInt16(), 8), 8),
            oddA = Vector256.ShiftRightArithmetic(a.AsInt16(), 8);
        return sum + Avx2.MultiplyAddAdjacent(even, evenA) + Avx2.MultiplyAddAdjacent(odd, oddA);
    }
}
