namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Types of one number per element; halves round to even.</summary>
internal static unsafe class PlainEncoders
{
    private const uint InfiniteBrain = 0x7F80;

    /// <summary>As it is.</summary>
    public static long F32(float* values, byte* destination, long blocks)
    {
        Buffer.MemoryCopy(values, destination, blocks * sizeof(float), blocks * sizeof(float));
        return -1;
    }

    /// <summary>IEEE halves.</summary>
    public static long F16(float* values, byte* destination, long blocks)
    {
        for (long i = 0; i < blocks; i++)
        {
            Half half = (Half)values[i];
            HalfScale.Write(destination + (sizeof(ushort) * i), half);
            if (!Half.IsFinite(half))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The upper half of a float.</summary>
    public static long BF16(float* values, byte* destination, long blocks)
    {
        for (long i = 0; i < blocks; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            uint upper = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
            HalfScale.Write(destination + (sizeof(ushort) * i), BitConverter.UInt16BitsToHalf((ushort)upper));
            if ((upper & InfiniteBrain) == InfiniteBrain)
            {
                return i;
            }
        }

        return -1;
    }
}
