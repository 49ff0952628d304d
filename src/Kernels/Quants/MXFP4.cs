namespace LayerStream.Kernels;

/// <summary>MXFP4: 32 elements, <c>e:u8 q:u8[16]</c> (split halves), y = fp4(n)·2^(e − 128).</summary>
internal unsafe struct MXFP4 : IBlockDecoder
{
    public static int BlockElements => 32;

    public static int BlockBytes => 17;

    /// <summary>Twice the E2M1 values (index 8 is +0), shared with NVFP4.</summary>
    public static ReadOnlySpan<sbyte> Values => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    public static void Decode(byte* source, float* destination)
    {
        uint e = source[0];
        float scale = BitConverter.UInt32BitsToSingle(e < 2 ? 0x00200000u << (int)e : (e - 1) << 23);
        for (int j = 0; j < 16; j++)
        {
            destination[j] = Values[source[1 + j] & 15] * scale;
            destination[j + 16] = Values[source[1 + j] >> 4] * scale;
        }
    }
}
