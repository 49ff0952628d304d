using System.Runtime.CompilerServices;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// The floating-point mode of the calling thread: subnormal numbers kept, rounding to nearest even. A native library can change it, for its
/// own thread and those started from it, and every result would then differ from other machines'.
/// </summary>
public static class FloatEnvironment
{
    // Bits, because a compiler that runs on such a thread would flush a subnormal constant too; not constants, so that the numbers meet at
    // run time.
    private static int s_one = 0x3F800000;
    private static int s_halfUnit = 0x33800000; // 2^-24
    private static int s_smallestNormal = 0x00800000;
    private static int s_subnormal = 0x00010000;

    /// <summary>What is wrong with this thread's mode; null if nothing.</summary>
    public static FloatEnvironmentException? Fault
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        get
        {
            float one = BitConverter.Int32BitsToSingle(s_one), half = BitConverter.Int32BitsToSingle(s_halfUnit);
            bool keepsSubnormals = BitConverter.Int32BitsToSingle(s_smallestNormal) * 0.5f != 0
                && BitConverter.Int32BitsToSingle(s_subnormal) * 1e30f != 0;
            bool roundsToNearest = one + half == 1 && one + (3 * half) == 1.00000024f && one - (half * 0.5f) == 1;
            return keepsSubnormals && roundsToNearest ? null : new FloatEnvironmentException(keepsSubnormals);
        }
    }

    /// <summary>Checks the calling thread; a few nanoseconds.</summary>
    /// <exception cref="FloatEnvironmentException">Its mode is not the one all results are defined for.</exception>
    public static void Require()
    {
        if (Fault is { } fault)
        {
            throw fault;
        }
    }
}
