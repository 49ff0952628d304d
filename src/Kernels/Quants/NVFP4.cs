namespace LayerStream.Kernels;

/// <summary>NVFP4: 64 elements, <c>d:u8[4] q:u8[32]</c>; sub-blocks of 16: y = fp4(n)·U(d), U unsigned E4M3 halved.</summary>
internal unsafe struct NVFP4 : IBlockDecoder
{
    public static int BlockElements => 64;

    public static int BlockBytes => 36;

    public static void Decode(byte* source, float* destination)
    {
        for (int s = 0; s < 4; s++)
        {
            float scale = Scale(source[s]);
            for (int j = 0; j < 8; j++)
            {
                int q = source[4 + (8 * s) + j];
                destination[(16 * s) + j] = MXFP4.Values[q & 15] * scale;
                destination[(16 * s) + j + 8] = MXFP4.Values[q >> 4] * scale;
            }
        }
    }

    private static float Scale(byte x)
    {
        if (x is 0 or 0x7F)
        {
            return 0;
        }

        int exponent = (x >> 3) & 15;
        int mantissa = x & 7;
        return exponent == 0 ? mantissa * 0.0009765625f : BitConverter.Int32BitsToSingle(((exponent - 8 + 127) << 23) | (mantissa << 20));
    }
}
