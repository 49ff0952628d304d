using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// A block type as signed bytes with factors per group of columns, w = scale·v + offset: v·scale is exact (at most 11 + 8 + 5 bits), so
/// that fusing the addition rounds once, as the decoder does.
/// </summary>
internal unsafe interface IByteColumns
{
    /// <summary>Bytes of so many columns, which are whole blocks.</summary>
    static abstract long Bytes(int columns);

    /// <summary>Bytes that <see cref="Begin"/> may write.</summary>
    static abstract int StagedBytes { get; }

    /// <summary>log2 of how many groups of sixteen columns share a factor.</summary>
    static abstract int FactorShift { get; }

    /// <summary>Whether there are offsets.</summary>
    static abstract bool HasOffsets { get; }

    /// <summary>Unpacks the factors of 256 columns and whatever else is not unpacked group by group.</summary>
    /// <param name="source">Whole blocks, any alignment.</param>
    /// <param name="columns">1 to 256; those behind them become zeros.</param>
    /// <param name="staged">Room for <see cref="StagedBytes"/>.</param>
    /// <param name="factors">Room for sixteen scales, then sixteen offsets.</param>
    /// <returns>What <see cref="Values"/> takes.</returns>
    static abstract byte* Begin(byte* source, int columns, byte* staged, float* factors);

    /// <summary>Values of columns 32·k to 32·k + 31; k is a constant.</summary>
    static abstract Vector256<sbyte> Values(byte* at, int k);
}
