using System.Runtime.CompilerServices;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>
/// Blocks of 32 with one scale: the value of largest magnitude gets the outermost code. Codes follow the scale as it is stored, so that
/// what was decoded from such a block is encoded to the same bytes.
/// </summary>
internal static unsafe class LargestEncoders
{
    private const int Elements = 32;

    /// <summary>d = max|x| ÷ 127; codes −127…127.</summary>
    public static long Q8_0(float* values, byte* destination, long blocks)
    {
        const int Most = 127;
        byte* codes = stackalloc byte[Elements];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 34)
        {
            Half d = HalfScale.Cover(MathF.Abs(Extremes.Peak(values, Elements)) / Most);
            if (!Half.IsFinite(d))
            {
                return b;
            }

            Rounding.Codes(values, Elements, 0, HalfScale.Inverse((float)d), Most, 2 * Most, codes);
            HalfScale.Write(destination, d);
            for (int j = 0; j < Elements; j++)
            {
                destination[2 + j] = (byte)(codes[j] - Most);
            }
        }

        return -1;
    }

    /// <summary>d = peak ÷ −8; codes 0…15 stand for −8…7.</summary>
    public static long Q4_0(float* values, byte* destination, long blocks)
    {
        byte* codes = stackalloc byte[Elements];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 18)
        {
            if (!TryEncode(values, 8, codes, destination))
            {
                return b;
            }

            BitPacking.Halves(codes, destination + 2);
        }

        return -1;
    }

    /// <summary>d = peak ÷ −16; codes 0…31 stand for −16…15.</summary>
    public static long Q5_0(float* values, byte* destination, long blocks)
    {
        byte* codes = stackalloc byte[Elements];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 22)
        {
            if (!TryEncode(values, 16, codes, destination))
            {
                return b;
            }

            Unsafe.WriteUnaligned(destination + 2, BitPacking.FifthBits(codes));
            BitPacking.Halves(codes, destination + 6);
        }

        return -1;
    }

    private static bool TryEncode(float* values, int most, byte* codes, byte* destination)
    {
        Half d = HalfScale.Cover(Extremes.Peak(values, Elements) / -most);
        Rounding.Codes(values, Elements, 0, HalfScale.Inverse((float)d), most, (2 * most) - 1, codes);
        HalfScale.Write(destination, d);
        return Half.IsFinite(d);
    }
}
