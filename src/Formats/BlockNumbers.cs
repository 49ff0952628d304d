namespace LayerStream.Formats;

/// <summary>The floating-point numbers of a block that scale its codes, or the one that is the block, of a plain type.</summary>
/// <param name="Bytes">Bytes of each number: 1, 2, 4 or 8, little-endian; 0 for no numbers.</param>
/// <param name="Exponent">The bits that are all set exactly if a number is infinite or undefined.</param>
/// <param name="First">Byte offset of a number in the block.</param>
/// <param name="Second">Byte offset of the other; of the same where there is one only.</param>
public readonly record struct BlockNumbers(int Bytes, ulong Exponent, int First, int Second)
{
    private const ulong HalfExponent = 0x7C00;

    /// <summary>Whole numbers, or scales that are always finite.</summary>
    public static BlockNumbers None => default;

    /// <summary>An F32 at the beginning.</summary>
    public static BlockNumbers Single => new(4, 0x7F800000, 0, 0);

    /// <summary>An F64 at the beginning.</summary>
    public static BlockNumbers Double => new(8, 0x7FF0000000000000, 0, 0);

    /// <summary>A BF16 at the beginning.</summary>
    public static BlockNumbers Brain => new(2, 0x7F80, 0, 0);

    /// <summary>A power of two (E8M0) at the beginning; 255 stands for no number.</summary>
    public static BlockNumbers PowerOfTwo => new(1, 0xFF, 0, 0);

    /// <summary>An F16.</summary>
    public static BlockNumbers Half(int at) => Halves(at, at);

    /// <summary>Two F16.</summary>
    public static BlockNumbers Halves(int first, int second) => new(2, HalfExponent, first, second);

    /// <summary>An F16, of which each of four 16-bit words has four bits in its upper ones, the lowest first.</summary>
    public static BlockNumbers QuarteredHalf(int at) => new(8, ((HalfExponent & 0xF000) << 48) | ((HalfExponent & 0x0F00) << 36), at, at);
}
