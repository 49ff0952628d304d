using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// Asks for weights of later rows while a row is computed: the processor's own prefetching stops at page borders and alone keeps too few
/// reads under way.
/// </summary>
internal static unsafe class RowPrefetch
{
    private const int Distance = 2048;

    /// <summary>Prefetches what lies the fixed distance behind <paramref name="bytes"/> bytes at <paramref name="weights"/>; may point
    /// behind the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(byte* weights, int bytes)
    {
        for (int i = 0; Sse.IsSupported && i < bytes; i += 64)
        {
            Sse.Prefetch0(weights + Distance + i);
        }
    }

    /// <summary>Asks for the activations of the next four tokens while those of four are multiplied: their rows lie too far apart for the
    /// processor to foresee them; may point behind the last row.</summary>
    /// <param name="x">What is multiplied of the first token.</param>
    /// <param name="stride">Bytes to that of the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NextTokens<TTokens>(byte* x, long stride)
        where TTokens : IPanelTokens
    {
        if (TTokens.AreFour)
        {
            byte* next = x + (4 * stride);
            Sse.Prefetch0(next);
            Sse.Prefetch0(next + stride);
            Sse.Prefetch0(next + (2 * stride));
            Sse.Prefetch0(next + (3 * stride));
        }
    }

    /// <summary>Asks for bytes at <paramref name="weights"/> to come as far as the second-level cache: a panel's rows while the panel
    /// before it is multiplied; may point behind the matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Later(byte* weights, int bytes)
    {
        for (int i = 0; Sse.IsSupported && i < bytes; i += 64)
        {
            Sse.Prefetch1(weights + i);
        }
    }
}
