namespace LayerStream.Kernels;

/// <summary>Q2_0: 64 elements, <c>d:f16 q:u8[16]</c>, two bits each, y = (v − 1)·d.</summary>
internal unsafe struct Q2_0 : IBlockDecoder
{
    public static int BlockElements => 64;

    public static int BlockBytes => 18;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 64; j++)
        {
            destination[j] = (((source[2 + (j >> 2)] >> (2 * (j & 3))) & 3) - 1) * d;
        }
    }
}
