using System.Numerics;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Smallest, largest and not finite values.</summary>
internal static unsafe class Extremes
{
    private const int Lanes = 8;

    /// <summary>Smallest and largest of a multiple of eight finite values.</summary>
    public static void Find(float* values, int count, out float least, out float most)
    {
        Vector256<float> low = Vector256.Load(values), high = low;
        for (int i = Lanes; i < count; i += Lanes)
        {
            Vector256<float> v = Vector256.Load(values + i);
            low = Vector256.Min(low, v);
            high = Vector256.Max(high, v);
        }

        (least, most) = (low[0], high[0]);
        for (int lane = 1; lane < Lanes; lane++)
        {
            least = MathF.Min(least, low[lane]);
            most = MathF.Max(most, high[lane]);
        }
    }

    /// <summary>The value of largest magnitude, with its sign; of two the negative one.</summary>
    public static float Peak(float* values, int count)
    {
        Find(values, count, out float least, out float most);
        return -least >= most ? least : most;
    }

    /// <summary>Index of the first infinity or NaN; −1 without one.</summary>
    public static long FirstNotFinite(float* values, long count)
    {
        Vector256<uint> exponent = Vector256.Create(0x7F800000u);
        long i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector256<uint> bits = Vector256.Load(values + i).AsUInt32() & exponent;
            uint mask = Vector256.ExtractMostSignificantBits(Vector256.Equals(bits, exponent));
            if (mask != 0)
            {
                return i + BitOperations.TrailingZeroCount(mask);
            }
        }

        for (; i < count; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
