namespace LayerStream.Kernels;

/// <summary>Q5_0: 32 elements, <c>d:f16 qh:u32 q:u8[16]</c>, y = (v − 16)·d.</summary>
internal unsafe struct Q5_0 : IBlockDecoder
{
    public static int BlockElements => 32;

    public static int BlockBytes => 22;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 32; j++)
        {
            int low = (source[6 + (j & 15)] >> (j >> 4 << 2)) & 15;
            int high = (source[2 + (j >> 3)] >> (j & 7)) & 1;
            destination[j] = ((low | (high << 4)) - 16) * d;
        }
    }
}
