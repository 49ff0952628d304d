using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// A type whose columns unpack to bytes with a scale per 32 columns or more, y = d·(v − <see cref="Bias"/>) + m. "Eight" is the address
/// of 256 columns: eight blocks of 32, or as many larger ones as that is.
/// </summary>
internal unsafe interface IBlocksOf32 : IBlockDecoder
{
    /// <summary>Bytes of 256 columns.</summary>
    static abstract int EightBytes { get; }

    /// <summary>What the bytes exceed the signed values by.</summary>
    static abstract int Bias { get; }

    /// <summary>No byte is larger: at most 31; or 255 for signed bytes, to which panels add 128. The larger, the fewer products fit 16
    /// bits.</summary>
    static abstract int MostValue { get; }

    /// <summary>Whether there is an m.</summary>
    static abstract bool HasOffsets { get; }

    /// <summary>Signed value of column <paramref name="i"/>: the definition.</summary>
    static abstract int Value(byte* eight, int i);

    /// <summary>d, and m if there is one, of columns 32·block to 32·block + 31: the definition.</summary>
    static abstract float Scale(byte* eight, int block, out float offset);

    /// <summary>The bytes of columns 32·block to 32·block + 31.</summary>
    static abstract Vector256<byte> Bytes256(byte* eight, int block);

    /// <summary>The bytes of columns 64·pair to 64·pair + 63, at AVX-512.</summary>
    static abstract Vector512<byte> Bytes512(byte* eight, int pair);

    /// <summary>Whether columns j and j + 16 of a block lie in one byte, so that its halves are cheaper to unpack than it.</summary>
    static virtual bool HasHalves => false;

    /// <summary>The bytes of columns 0–15 of blocks 2·pair and 2·pair + 1, and of columns 16–31.</summary>
    static virtual Vector256<byte> Halves256(byte* eight, int pair, out Vector256<byte> upper) => throw new NotSupportedException();

    /// <summary>The bytes of columns 0–15 of blocks 4·four to 4·four + 3, and of columns 16–31, at AVX-512.</summary>
    static virtual Vector512<byte> Halves512(byte* eight, int four, out Vector512<byte> upper) => throw new NotSupportedException();

    /// <summary>d of all eight, and m.</summary>
    static abstract Vector256<float> Scales(byte* eight, out Vector256<float> offsets);
}
