using System.Runtime.CompilerServices;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Blocks of 32 with a scale and a minimum: the codes divide the range from the smallest to the largest value.</summary>
internal static unsafe class RangeEncoders
{
    private const int Elements = 32;

    /// <summary>y = n·d + m, n in 0…15.</summary>
    public static long Q4_1(float* values, byte* destination, long blocks)
    {
        byte* codes = stackalloc byte[Elements];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 20)
        {
            if (!TryEncode(values, 15, codes, destination))
            {
                return b;
            }

            BitPacking.Halves(codes, destination + 4);
        }

        return -1;
    }

    /// <summary>y = v·d + m, v in 0…31.</summary>
    public static long Q5_1(float* values, byte* destination, long blocks)
    {
        byte* codes = stackalloc byte[Elements];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 24)
        {
            if (!TryEncode(values, 31, codes, destination))
            {
                return b;
            }

            Unsafe.WriteUnaligned(destination + 4, BitPacking.FifthBits(codes));
            BitPacking.Halves(codes, destination + 8);
        }

        return -1;
    }

    private static bool TryEncode(float* values, int most, byte* codes, byte* destination)
    {
        Extremes.Find(values, Elements, out float smallest, out float largest);
        Half m = (Half)smallest;
        Half d = HalfScale.Cover(MathF.Max(0, largest - (float)m) / most);
        HalfScale.Write(destination, d);
        HalfScale.Write(destination + 2, m);
        if (!Half.IsFinite(d) || !Half.IsFinite(m))
        {
            return false;
        }

        Rounding.Codes(values, Elements, -(float)m, HalfScale.Inverse((float)d), 0, most, codes);
        return true;
    }
}
