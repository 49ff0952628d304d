using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Products of a <see cref="PanelLayout"/>, 512 bits wide.</summary>
internal static unsafe class PanelDot512
{
    /// <summary>Adds the products of one group of sixteen columns with a token, or of two, times a factor per row.</summary>
    /// <param name="w">The group's quads.</param>
    /// <param name="more">Those of a second group with the same factor.</param>
    /// <param name="hasMore">Whether there is one; bytes are at most 15 then.</param>
    /// <param name="a">Sixteen activations per group.</param>
    /// <param name="factor">Each row's factor twice; 16 bits.</param>
    /// <param name="sum">Sum per row.</param>
    /// <param name="mostValue">Largest byte: decides how many products fit 16 bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(
        in Quads w, in Quads more, bool hasMore, byte* a, Vector512<short> factor, Vector512<int> sum, int mostValue)
    {
        Vector512<short> p0 = Avx512BW.MultiplyAddAdjacent(w.W0, Four(a));
        Vector512<short> p1 = Avx512BW.MultiplyAddAdjacent(w.W1, Four(a + 4));
        Vector512<short> p2 = Avx512BW.MultiplyAddAdjacent(w.W2, Four(a + 8));
        Vector512<short> p3 = Avx512BW.MultiplyAddAdjacent(w.W3, Four(a + 12));
        if (hasMore)
        {
            p0 += Avx512BW.MultiplyAddAdjacent(more.W0, Four(a + 16));
            p1 += Avx512BW.MultiplyAddAdjacent(more.W1, Four(a + 20));
            p2 += Avx512BW.MultiplyAddAdjacent(more.W2, Four(a + 24));
            p3 += Avx512BW.MultiplyAddAdjacent(more.W3, Four(a + 28));
        }

        if (mostValue <= 31)
        {
            return sum + Avx512BW.MultiplyAddAdjacent((p0 + p1) + (p2 + p3), factor);
        }

        if (mostValue <= 63)
        {
            return sum + Avx512BW.MultiplyAddAdjacent(p0 + p1, factor) + Avx512BW.MultiplyAddAdjacent(p2 + p3, factor);
        }

        sum += Avx512BW.MultiplyAddAdjacent(p0, factor) + Avx512BW.MultiplyAddAdjacent(p1, factor);
        return sum + (Avx512BW.MultiplyAddAdjacent(p2, factor) + Avx512BW.MultiplyAddAdjacent(p3, factor));
    }

    /// <summary>Four activations, for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<sbyte> Four(byte* a) => Vector512.Create(*(int*)a).AsSByte();

    /// <summary>The quads of a group.</summary>
    internal struct Quads
    {
        public Vector512<byte> W0, W1, W2, W3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Quads Load(byte* w)
        {
            Quads quads;
            quads.W0 = Vector512.Load(w);
            quads.W1 = Vector512.Load(w + PanelLayout.QuadBytes);
            quads.W2 = Vector512.Load(w + (2 * PanelLayout.QuadBytes));
            quads.W3 = Vector512.Load(w + (3 * PanelLayout.QuadBytes));
            return quads;
        }
    }
}
