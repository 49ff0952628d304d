using System.Runtime.CompilerServices;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>Plain double precision; a weight is used as the nearest single.</summary>
internal unsafe struct F64 : IBlockDecoder
{
    public static int BlockElements => 1;

    public static int BlockBytes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(byte* source, float* destination) => *destination = (float)Unsafe.ReadUnaligned<double>(source);
}
