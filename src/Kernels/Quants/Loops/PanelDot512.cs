using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Packing of a <see cref="PanelLayout"/> and its products, 512 bits wide.</summary>
internal static unsafe class PanelDot512
{
    /// <summary>Writes 64 columns of sixteen rows.</summary>
    /// <param name="rows">Sixteen rows of 64 bytes.</param>
    /// <param name="panel">Aligned to 64 bytes.</param>
    /// <param name="planes">2: high and low nibbles apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pack(Vector512<byte>* rows, byte* panel, int planes)
    {
        if (planes == 1)
        {
            Transpose.Store16((Vector512<int>*)rows, panel, 64, 16);
            return;
        }

        Vector512<byte>* low = stackalloc Vector512<byte>[16];
        for (int r = 0; r < 16; r++)
        {
            low[r] = rows[r] & Vector512.Create((byte)15);
            rows[r] = Vector512.ShiftRightLogical(rows[r].AsUInt16(), 4).AsByte() & Vector512.Create((byte)15);
        }

        Transpose.Store16((Vector512<int>*)rows, panel, 128, 16);
        Transpose.Store16((Vector512<int>*)low, panel + 64, 128, 16);
    }

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<sbyte> Four(byte* a) => Vector512.Create(*(int*)a).AsSByte();

    /// <summary>The quads of one plane of a group.</summary>
    internal struct Quads
    {
        public Vector512<byte> W0, W1, W2, W3;

        /// <summary>Loads quads <paramref name="stride"/> bytes apart.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Quads Load(byte* w, int stride)
        {
            Quads quads;
            quads.W0 = Vector512.Load(w);
            quads.W1 = Vector512.Load(w + stride);
            quads.W2 = Vector512.Load(w + (2 * stride));
            quads.W3 = Vector512.Load(w + (3 * stride));
            return quads;
        }
    }
}
