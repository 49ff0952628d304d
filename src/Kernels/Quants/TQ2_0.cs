namespace LayerStream.Kernels;

/// <summary>TQ2_0: 256 elements, <c>q:u8[64] d:f16</c>, two bits each, y = (v − 1)·d.</summary>
internal unsafe struct TQ2_0 : IBlockDecoder
{
    public static int BlockElements => 256;

    public static int BlockBytes => 66;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 64);
        for (int i = 0; i < 256; i++)
        {
            int q = source[(32 * (i >> 7)) + (i & 31)];
            destination[i] = (((q >> (2 * ((i >> 5) & 3))) & 3) - 1) * d;
        }
    }
}
