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
