namespace LayerStream.Kernels;

/// <summary>Q2_K: 256 elements, <c>scales:u8[16] q:u8[64] d:f16 dmin:f16</c>; groups of 16: y = (d·(s &amp; 15))·v − dmin·(s &gt;&gt; 4).</summary>
internal unsafe struct Q2_K : IBlockDecoder
{
    public static int BlockElements => 256;

    public static int BlockBytes => 84;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 80);
        float dmin = Float16.Read(source + 82);
        for (int g = 0; g < 16; g++)
        {
            float scale = d * (source[g] & 15);
            float min = dmin * (source[g] >> 4);
            byte* q = source + 16 + (32 * (g >> 3)) + (16 * (g & 1));
            int shift = 2 * ((g >> 1) & 3);
            for (int l = 0; l < 16; l++)
            {
                destination[(16 * g) + l] = (scale * ((q[l] >> shift) & 3)) - min;
            }
        }
    }
}
