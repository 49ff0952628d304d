using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>What is taken off the scaled products of a block of 256 columns.</summary>
internal enum BlockForm
{
    /// <summary>Nothing: the values are signed (never −128).</summary>
    Signed,

    /// <summary>Σ min·Σa with the products' own scale: unsigned values that stand for signed ones.</summary>
    Biased,

    /// <summary>Σ min·Σa with a second scale.</summary>
    Minimums,
}

/// <summary>
/// A type of 256-element blocks that unpacks to bytes with a 16-bit scale and minimum per group of 16 columns:
/// Σ w·a = d·Σ scale·Σ v·a − dMin·Σ min·Σa.
/// </summary>
internal unsafe interface IBlocksOf256 : IBlockDecoder
{
    /// <summary>Meaning of values and minimums.</summary>
    static abstract BlockForm Form { get; }

    /// <summary>What the values exceed the signed ones by: above 0 in the form <see cref="BlockForm.Biased"/> only.</summary>
    static abstract int Bias { get; }

    /// <summary>Largest value, or magnitude of the signed form.</summary>
    static abstract int MostValue { get; }

    /// <summary>Whether two neighbouring groups always have the same scale.</summary>
    static abstract bool HasWideGroups { get; }

    /// <summary>Value of element <paramref name="i"/>: the definition.</summary>
    static abstract int Value(byte* block, int i);

    /// <summary>Scale and minimum of elements 16·g to 16·g + 15: the definition.</summary>
    static abstract void Group(byte* block, int g, out int scale, out int min);

    /// <summary>Where the scale of the block is, a half; that of the minimums follows it (the form <see cref="BlockForm.Minimums"/>
    /// only).</summary>
    static abstract int DOffset { get; }

    /// <summary>All sixteen scales and minimums.</summary>
    static abstract Vector256<short> Groups(byte* block, out Vector256<short> mins);

    /// <summary>The eight different scales and minimums of a type with wide groups.</summary>
    static virtual Vector128<short> WideGroups(byte* block, out Vector128<short> mins) => throw new NotSupportedException();

    /// <summary>Values of elements 32·k to 32·k + 31; k is a constant.</summary>
    static abstract Vector256<byte> Values256(byte* block, int k);

    /// <summary>Whether elements j and j + 16 of a wide group lie in one byte, so that its halves are cheaper to unpack than it.</summary>
    static virtual bool HasHalves => false;

    /// <summary>Values of elements 0–15 of wide groups 2·pair and 2·pair + 1, and of elements 16–31.</summary>
    static virtual Vector256<byte> Halves256(byte* block, int pair, out Vector256<byte> upper) => throw new NotSupportedException();

    /// <summary>Values of elements 64·k to 64·k + 63, at AVX-512; k is a constant.</summary>
    static abstract Vector512<byte> Values512(byte* block, int k);
}
