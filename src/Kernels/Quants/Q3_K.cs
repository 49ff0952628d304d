namespace LayerStream.Kernels;

/// <summary>Q3_K: 256 elements, <c>hmask:u8[32] q:u8[64] scales:u8[12] d:f16</c>; groups of 16 with six-bit scales: y = (d·sc)·v.</summary>
internal unsafe struct Q3_K : IBlockDecoder
{
    public static int BlockElements => 256;

    public static int BlockBytes => 110;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 108);
        byte* scales = source + 96;
        for (int g = 0; g < 16; g++)
        {
            int low = g < 8 ? scales[g] & 15 : scales[g - 8] >> 4;
            int high = (scales[8 + (g & 3)] >> (2 * (g >> 2))) & 3;
            float scale = d * ((low | (high << 4)) - 32);
            byte* mask = source + (16 * (g & 1));
            byte* q = source + 32 + (32 * (g >> 3)) + (16 * (g & 1));
            int shift = 2 * ((g >> 1) & 3);
            for (int l = 0; l < 16; l++)
            {
                int v = ((q[l] >> shift) & 3) - ((((mask[l] >> (g >> 1)) & 1) ^ 1) << 2);
                destination[(16 * g) + l] = scale * v;
            }
        }
    }
}
