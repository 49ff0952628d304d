namespace LayerStream.Kernels;

/// <summary>IQ4_NL: 32 elements, <c>d:f16 q:u8[16]</c> (split halves), y = d·value(n).</summary>
internal unsafe struct IQ4_NL : IBlockDecoder
{
    public static int BlockElements => 32;

    public static int BlockBytes => 18;

    /// <summary>The sixteen levels, shared with IQ4_XS.</summary>
    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source);
        for (int j = 0; j < 16; j++)
        {
            destination[j] = d * Values[source[2 + j] & 15];
            destination[j + 16] = d * Values[source[2 + j] >> 4];
        }
    }
}
