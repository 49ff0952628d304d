namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Blocks of 256 with scales and minimums for groups of 16 or 32.</summary>
internal static unsafe class MinimumGroupEncoders
{
    private const int Elements = Importance.Elements;

    /// <summary>Groups of 16; codes 0…3, scales and minimums 0…15.</summary>
    public static long Q2_K(float* values, byte* destination, long blocks)
    {
        MinimumGroups groups = new(elements: 16, most: 3, scaleMost: 15);
        byte* codes = stackalloc byte[Elements];
        byte* scales = stackalloc byte[MinimumGroups.MostGroups];
        byte* mins = stackalloc byte[MinimumGroups.MostGroups];
        for (long b = 0; b < blocks; b++, values += Elements, destination += 84)
        {
            if (!groups.TryFit(values, codes, scales, mins, out Half d, out Half dmin))
            {
                return b;
            }

            for (int g = 0; g < MinimumGroups.MostGroups; g++)
            {
                destination[g] = (byte)(scales[g] | (mins[g] << 4));
            }

            BitPacking.Pairs(codes, 0, destination + 16);
            HalfScale.Write(destination + 80, d);
            HalfScale.Write(destination + 82, dmin);
        }

        return -1;
    }

    /// <summary>Groups of 32; codes 0…15, scales and minimums 0…63.</summary>
    public static long Q4_K(float* values, byte* destination, long blocks) => Encode(values, destination, blocks, most: 15);

    /// <summary>Groups of 32; codes 0…31, scales and minimums 0…63.</summary>
    public static long Q5_K(float* values, byte* destination, long blocks) => Encode(values, destination, blocks, most: 31);

    private static long Encode(float* values, byte* destination, long blocks, int most)
    {
        MinimumGroups groups = new(elements: 32, most, scaleMost: 63);
        byte* codes = stackalloc byte[Elements];
        byte* scales = stackalloc byte[MinimumGroups.MostGroups];
        byte* mins = stackalloc byte[MinimumGroups.MostGroups];
        bool hasFifthBits = most > 15;
        int lowBits = hasFifthBits ? 48 : 16, blockBytes = lowBits + 128;
        for (long b = 0; b < blocks; b++, values += Elements, destination += blockBytes)
        {
            if (!groups.TryFit(values, codes, scales, mins, out Half d, out Half dmin))
            {
                return b;
            }

            HalfScale.Write(destination, d);
            HalfScale.Write(destination + 2, dmin);
            BitPacking.SixBitPairs(scales, mins, destination + 4);
            if (hasFifthBits)
            {
                BitPacking.Bits(codes, 4, destination + 16);
            }

            BitPacking.Nibbles(codes, destination + lowBits);
        }

        return -1;
    }
}
