namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Blocks of 256 with signed scales for groups of 16.</summary>
internal static unsafe class ScaledGroupEncoders
{
    private const int Elements = Importance.Elements;

    /// <summary>Codes −4…3, scales −32…31.</summary>
    public static long Q3_K(float* values, byte* destination, long blocks)
    {
        ScaledGroups groups = new(most: 4, scaleMost: 32);
        byte* codes = stackalloc byte[Elements];
        byte* scales = stackalloc byte[ScaledGroups.Groups];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 110)
        {
            if (!groups.TryFit(values, codes, scales, out Half d))
            {
                return b;
            }

            BitPacking.Bits(codes, 2, destination); // set: nothing is taken away
            BitPacking.Pairs(codes, 0, destination + 32);
            BitPacking.SixBitScales(scales, destination + 96);
            HalfScale.Write(destination + 108, d);
        }

        return -1;
    }

    /// <summary>Codes −32…31, scales −128…127.</summary>
    public static long Q6_K(float* values, byte* destination, long blocks)
    {
        const int ScaleMost = 128;
        ScaledGroups groups = new(most: 32, ScaleMost);
        byte* codes = stackalloc byte[Elements];
        byte* scales = stackalloc byte[ScaledGroups.Groups];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 210)
        {
            if (!groups.TryFit(values, codes, scales, out Half d))
            {
                return b;
            }

            // Runs 0 and 2, and 1 and 3, of each half share bytes of lower bits.
            for (int i = 0; i < 128; i++)
            {
                byte* pair = codes + (128 * (i / 64)) + (i % 64);
                destination[i] = (byte)((pair[0] & 15) | ((pair[64] & 15) << 4));
            }

            BitPacking.Pairs(codes, 4, destination + 128);
            for (int g = 0; g < ScaledGroups.Groups; g++)
            {
                destination[192 + g] = (byte)(scales[g] - ScaleMost);
            }

            HalfScale.Write(destination + 208, d);
        }

        return -1;
    }
}
