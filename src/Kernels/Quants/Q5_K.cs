namespace LayerStream.Kernels;

/// <summary>Q5_K: 256 elements, <c>d:f16 dmin:f16 s:u8[12] qh:u8[32] q:u8[128]</c>; sub-blocks of 32 as Q4_K: y = (d·sc_j)·v − dmin·mn_j.</summary>
internal unsafe struct Q5_K : IBlockDecoder
{
    public static int BlockElements => 256;

    public static int BlockBytes => 176;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float dmin = Float16.Read(source + 2);
        for (int j = 0; j < 8; j++)
        {
            SixBitScales.Get(source + 4, j, out int sc, out int mn);
            float scale = d * sc;
            float min = dmin * mn;
            byte* high = source + 16;
            byte* q = source + 48 + (32 * (j / 2));
            for (int l = 0; l < 32; l++)
            {
                int v = ((q[l] >> (4 * (j & 1))) & 15) | (((high[l] >> j) & 1) << 4);
                destination[(32 * j) + l] = (scale * v) - min;
            }
        }
    }
}
