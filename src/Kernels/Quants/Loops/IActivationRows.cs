using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>How many rows of activations a row of weights is multiplied with while it is unpacked.</summary>
internal interface IActivationRows
{
    /// <summary>Whether two, else one.</summary>
    static abstract bool AreTwo { get; }

    /// <summary>Whether the two are the digits of one, whose outputs are added.</summary>
    static abstract bool AreDigits { get; }
}

/// <summary>One row.</summary>
internal struct OneRow : IActivationRows
{
    public static bool AreTwo => false;

    public static bool AreDigits => false;
}

/// <summary>Two rows: two tokens.</summary>
internal struct TwoRows : IActivationRows
{
    public static bool AreTwo => true;

    public static bool AreDigits => false;
}

/// <summary>Both digits of one token.</summary>
internal struct DigitRows : IActivationRows
{
    public static bool AreTwo => true;

    public static bool AreDigits => true;
}

/// <summary>How many tokens a packed panel is multiplied with at once.</summary>
internal interface IPanelTokens
{
    /// <summary>Whether four, else one.</summary>
    static abstract bool AreFour { get; }
}

/// <summary>One token.</summary>
internal struct OneToken : IPanelTokens
{
    public static bool AreFour => false;
}

/// <summary>Four tokens.</summary>
internal struct FourTokens : IPanelTokens
{
    public static bool AreFour => true;
}

/// <summary>What belongs to the first of some rows of activations, and to the second if there is one.</summary>
internal struct PerRow<T>
{
    public T First, Second;
}

/// <summary>How the eight sums of each row of activations become outputs.</summary>
internal static unsafe class RowOutputs
{
    /// <summary>Writes the output of one row of weights, or those of two tokens.</summary>
    /// <param name="first">Eight sums of the first row of activations.</param>
    /// <param name="second">Those of the second, if there is one.</param>
    /// <param name="y">Output.</param>
    /// <param name="yStride">Floats to that of the second token.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TRows>(Vector256<float> first, Vector256<float> second, float* y, long yStride)
        where TRows : IActivationRows
    {
        if (TRows.AreDigits)
        {
            *y = LaneSums.Total(first) + LaneSums.Total(second);
            return;
        }

        *y = LaneSums.Total(first);
        if (TRows.AreTwo)
        {
            y[yStride] = LaneSums.Total(second);
        }
    }
}
