using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// A type of blocks of 32 columns or more whose 64-column step unpacks to unsigned bytes:
/// y = d·(v − <see cref="Bias"/>) + m, d and m the same in 32 columns.
/// </summary>
internal unsafe interface IByteStep
{
    /// <summary>Bytes of 64 columns.</summary>
    static abstract int StepBytes { get; }

    /// <summary>What the bytes exceed the signed values by.</summary>
    static abstract int Bias { get; }

    /// <summary>No byte is larger: 31 or 255. The larger, the fewer products fit 16 bits.</summary>
    static abstract int MostValue { get; }

    /// <summary>Whether there is an m.</summary>
    static abstract bool HasOffsets { get; }

    /// <summary>The bytes of a step.</summary>
    static abstract Vector512<byte> Bytes(byte* step);

    /// <summary>d of the eight blocks of four steps that follow each other.</summary>
    /// <param name="steps">Four steps.</param>
    /// <param name="offsets">m of the same, if there is one.</param>
    static abstract Vector256<float> Scales(byte* steps, out Vector256<float> offsets);
}
