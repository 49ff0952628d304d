namespace LayerStream.Kernels;

/// <summary>Q5_1: 32 elements, <c>d:f16 m:f16 qh:u32 q:u8[16]</c>, y = v·d + m.</summary>
internal unsafe struct Q5_1 : IBlockDecoder
{
    public static int BlockElements => 32;

    public static int BlockBytes => 24;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        float m = Float16.Read(source + 2);
        for (int j = 0; j < 32; j++)
        {
            int low = (source[8 + (j & 15)] >> (j >> 4 << 2)) & 15;
            int high = (source[4 + (j >> 3)] >> (j & 7)) & 1;
            destination[j] = ((low | (high << 4)) * d) + m;
        }
    }
}
