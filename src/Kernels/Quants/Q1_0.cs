namespace LayerStream.Kernels;

/// <summary>Q1_0: 128 elements, <c>d:f16 q:u8[16]</c>, one bit each: set is +d, clear −d.</summary>
internal unsafe struct Q1_0 : IBlockDecoder
{
    public static int BlockElements => 128;

    public static int BlockBytes => 18;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 128; j++)
        {
            destination[j] = ((source[2 + (j >> 3)] >> (j & 7)) & 1) != 0 ? d : -d;
        }
    }
}
