using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>Scales and minimums of a block, one by one, where unpacking them takes instructions that the processor lacks.</summary>
internal static unsafe class ScalarGroups
{
    /// <summary>All sixteen.</summary>
    public static Vector256<short> Of<T>(byte* block, out Vector256<short> mins)
        where T : IBlocksOf256
    {
        short* all = stackalloc short[32];
        for (int g = 0; g < 16; g++)
        {
            T.Group(block, g, out int scale, out int min);
            (all[g], all[16 + g]) = ((short)scale, (short)min);
        }

        mins = Vector256.Load(all + 16);
        return Vector256.Load(all);
    }
}
