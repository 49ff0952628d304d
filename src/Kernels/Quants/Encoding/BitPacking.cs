namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Codes into the bytes of blocks (GGUF block layouts).</summary>
internal static unsafe class BitPacking
{
    /// <summary>32 codes as 16 bytes: the lower four bits of code j below those of code j + 16.</summary>
    public static void Halves(byte* codes, byte* destination)
    {
        for (int j = 0; j < 16; j++)
        {
            destination[j] = (byte)((codes[j] & 15) | ((codes[j + 16] & 15) << 4));
        }
    }

    /// <summary>Bit 4 of 32 codes: bit j belongs to code j.</summary>
    public static uint FifthBits(byte* codes)
    {
        uint bits = 0;
        for (int j = 0; j < 32; j++)
        {
            bits |= (uint)((codes[j] >> 4) & 1) << j;
        }

        return bits;
    }

    /// <summary>256 codes: the lower four bits of runs 2p and 2p + 1 of 32 share 32 bytes (Q4_K, Q5_K).</summary>
    public static void Nibbles(byte* codes, byte* destination)
    {
        for (int i = 0; i < 128; i++)
        {
            byte* pair = codes + (64 * (i / 32)) + (i % 32);
            destination[i] = (byte)((pair[0] & 15) | ((pair[32] & 15) << 4));
        }
    }

    /// <summary>256 codes: two bits of four runs of 32 share 32 bytes (Q2_K, Q3_K, upper bits of Q6_K).</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="shift">The lower of the two bits.</param>
    /// <param name="destination">64 bytes.</param>
    public static void Pairs(byte* codes, int shift, byte* destination)
    {
        for (int i = 0; i < 64; i++)
        {
            byte* four = codes + (128 * (i / 32)) + (i % 32);
            destination[i] = (byte)(((four[0] >> shift) & 3) | (((four[32] >> shift) & 3) << 2) | (((four[64] >> shift) & 3) << 4)
                | (((four[96] >> shift) & 3) << 6));
        }
    }

    /// <summary>256 codes: one bit of eight runs of 32 share 32 bytes (Q3_K, Q5_K).</summary>
    /// <param name="codes">The codes.</param>
    /// <param name="shift">The bit.</param>
    /// <param name="destination">32 bytes.</param>
    public static void Bits(byte* codes, int shift, byte* destination)
    {
        for (int l = 0; l < 32; l++)
        {
            int bits = 0;
            for (int run = 0; run < 8; run++)
            {
                bits |= ((codes[(32 * run) + l] >> shift) & 1) << run;
            }

            destination[l] = (byte)bits;
        }
    }

    /// <summary>Eight six-bit scales and minimums as twelve bytes (Q4_K, Q5_K).</summary>
    public static void SixBitPairs(byte* scales, byte* mins, byte* destination)
    {
        for (int j = 0; j < 4; j++)
        {
            destination[j] = (byte)(scales[j] | ((scales[j + 4] >> 4) << 6));
            destination[j + 4] = (byte)(mins[j] | ((mins[j + 4] >> 4) << 6));
            destination[j + 8] = (byte)((scales[j + 4] & 15) | ((mins[j + 4] & 15) << 4));
        }
    }

    /// <summary>Sixteen six-bit scales as twelve bytes (Q3_K).</summary>
    public static void SixBitScales(byte* scales, byte* destination)
    {
        for (int j = 0; j < 8; j++)
        {
            destination[j] = (byte)((scales[j] & 15) | ((scales[j + 8] & 15) << 4));
        }

        for (int j = 0; j < 4; j++)
        {
            destination[j + 8] = (byte)((scales[j] >> 4) | ((scales[j + 4] >> 4) << 2) | ((scales[j + 8] >> 4) << 4)
                | ((scales[j + 12] >> 4) << 6));
        }
    }
}
