using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// What <see cref="Blocks256Kernel{T, TLanes}"/> leaves to a width of registers, for one tensor type. A packed block of sixteen rows is its
/// quads, a factor per group of one scale and row (twice, 16 bits), a minimum per group and row (16 bits; two groups side by side), then d
/// and dMin of the rows.
/// </summary>
internal unsafe interface IBlocks256Lanes
{
    /// <summary>Bytes of a packed block of sixteen rows.</summary>
    static abstract int PackedBytes { get; }

    /// <summary>Bytes of the lanes of a dot product.</summary>
    static abstract int DotBytes { get; }

    /// <summary>Whether <see cref="Dot{TRows}"/> takes activations in the order of <see cref="Nibbles.ArrangeHalves"/>.</summary>
    static virtual bool TakesHalves => false;

    /// <summary>Scaled products of a staged block, in lanes; those of the minimums are taken off in the biased form.</summary>
    /// <param name="block">Staged block.</param>
    /// <param name="x">A block of activations.</param>
    /// <param name="stride">Bytes to that of the second row.</param>
    /// <param name="dot"><see cref="DotBytes"/> bytes; those of the second row lie eight such behind.</param>
    /// <param name="mins">Minimums times sums of activations, in lanes (stored in the form with minimums only); those of the second row
    /// lie eight behind.</param>
    static abstract void Dot<TRows>(byte* block, byte* x, long stride, byte* dot, Vector256<int>* mins)
        where TRows : IActivationRows;

    /// <inheritdoc cref="IPanelKernel.MostSeveral"/>
    static abstract int MostSeveral { get; }

    /// <summary>The totals of eight dot products.</summary>
    static abstract Vector256<int> DotsOfEight(byte* dots);

    /// <summary>The totals of eight blocks' minimums.</summary>
    static abstract Vector256<int> MinsOfEight(Vector256<int>* mins);

    /// <summary>Packs one staged block of sixteen rows.</summary>
    static abstract void PackBlock(byte** rows, byte* panel);

    /// <summary>Adds the products of packed blocks with some tokens to their sums.</summary>
    /// <param name="panel">Packed blocks.</param>
    /// <param name="blocks">Blocks of 256 columns.</param>
    /// <param name="x">The first token's blocks.</param>
    /// <param name="stride">Bytes between prepared rows.</param>
    /// <param name="sums">The lane of the first block, sixteen rows; eight such lanes per token.</param>
    static abstract void Add<TTokens>(byte* panel, int blocks, byte* x, long stride, float* sums)
        where TTokens : IPanelTokens;
}
