namespace LayerStream.Kernels;

/// <summary>TQ1_0: 256 elements, <c>q:u8[48] qh:u8[4] d:f16</c>, five base-3 digits per byte (four in qh), y = t·d.</summary>
internal unsafe struct TQ1_0 : IBlockDecoder
{
    public static int BlockElements => 256;

    public static int BlockBytes => 54;

    public static void Decode(byte* source, float* destination)
    {
        float d = Float16.Read(source + 52);
        for (int i = 0; i < 160; i++)
        {
            destination[i] = Digit(source[i & 31], i >> 5) * d;
        }

        for (int i = 0; i < 80; i++)
        {
            destination[160 + i] = Digit(source[32 + (i & 15)], i >> 4) * d;
        }

        for (int i = 0; i < 16; i++)
        {
            destination[240 + i] = Digit(source[48 + (i & 3)], i >> 2) * d;
        }
    }

    private static int Digit(int b, int n)
    {
        ReadOnlySpan<byte> powers = [1, 3, 9, 27, 81];
        return ((((b * powers[n]) & 255) * 3) >> 8) - 1;
    }
}
