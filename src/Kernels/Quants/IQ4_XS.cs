namespace LayerStream.Kernels;

/// <summary>IQ4_XS: 256 elements, <c>d:f16 sh:u16 sl:u8[4] q:u8[128]</c>; sub-blocks of 32: y = (d·(ls − 32))·value(n).</summary>
internal unsafe struct IQ4_XS : IBlockDecoder
{
    public static int BlockElements => 256;

    public static int BlockBytes => 136;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        int high = source[2] | (source[3] << 8);
        for (int g = 0; g < 8; g++)
        {
            int ls = ((source[4 + (g >> 1)] >> (4 * (g & 1))) & 15) | (((high >> (2 * g)) & 3) << 4);
            float scale = d * (ls - 32);
            for (int j = 0; j < 16; j++)
            {
                int q = source[8 + (16 * g) + j];
                destination[(32 * g) + j] = scale * IQ4_NL.Values[q & 15];
                destination[(32 * g) + j + 16] = scale * IQ4_NL.Values[q >> 4];
            }
        }
    }
}
