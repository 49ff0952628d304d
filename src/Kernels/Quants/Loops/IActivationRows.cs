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

/// <summary>Where the outputs of several rows of activations go.</summary>
/// <param name="count">Rows of activations, digits counted.</param>
/// <param name="areDigits">Whether each two are the digits of one, whose outputs are added.</param>
/// <param name="y">One float per row of weights.</param>
/// <param name="stride">Floats to the outputs of the next token.</param>
internal readonly unsafe struct SeveralOutputs(int count, bool areDigits, float* y, long stride)
{
    /// <summary>Rows of activations, digits counted.</summary>
    public int Count => count;

    /// <summary>Writes the outputs of a row of weights.</summary>
    /// <param name="row">Row of weights.</param>
    /// <param name="sums">Eight sums per row of activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int row, Vector256<float>* sums)
    {
        float* to = y + row;
        for (int i = 0; i < count; i++, to += stride)
        {
            float total = LaneSums.Total(sums[i]);
            *to = areDigits ? total + LaneSums.Total(sums[++i]) : total;
        }
    }

    /// <summary>Adds the totals of two digits, and whether there is a result now.</summary>
    /// <param name="i">Row of activations.</param>
    /// <param name="totals">Its totals.</param>
    /// <param name="high">Those of the high digits so far.</param>
    /// <param name="to">Where the outputs of its token go.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Complete(int i, ref Vector256<float> totals, ref Vector256<float> high, out float* to)
    {
        int token = areDigits ? i >> 1 : i;
        to = y + (token * stride);
        if (!areDigits)
        {
            return true;
        }

        if ((i & 1) == 0)
        {
            high = totals;
            return false;
        }

        totals = high + totals;
        return true;
    }
}
