using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>What <see cref="Blocks32Kernel{T, TLanes}"/> leaves to a width of registers, for one tensor type.</summary>
internal unsafe interface IBlocks32Lanes
{
    /// <summary>Bytes of sixteen packed columns of sixteen rows.</summary>
    static abstract int GroupBytes { get; }

    /// <inheritdoc cref="IPanelKernel.MostSeveral"/>
    static abstract int MostSeveral { get; }

    /// <summary>Orders the values of 256 columns of activations as <see cref="Dots{TRows}"/> takes them where blocks are unpacked in
    /// halves.</summary>
    static abstract void Arrange(byte* x, byte* to);

    /// <summary>Integer sums of eight blocks, the bias not taken off where bytes are at most 31.</summary>
    /// <param name="eight">Weights of 256 columns.</param>
    /// <param name="x">The first row's values of these columns, arranged where the type has halves.</param>
    /// <param name="stride">Bytes to those of the second row.</param>
    /// <param name="second">The sums of the second row, if there is one.</param>
    static abstract Vector256<int> Dots<TRows>(byte* eight, byte* x, long stride, out Vector256<int> second)
        where TRows : IActivationRows;

    /// <summary>Packs columns 64·pair to 64·pair + 63 of sixteen rows.</summary>
    /// <param name="rows">256 columns of each row.</param>
    /// <param name="pair">0 to 3.</param>
    /// <param name="panel">Where these columns go; aligned to 64 bytes.</param>
    /// <param name="starts">What the sums of sixteen rows start at, per block, where the packed bytes ask for it.</param>
    static abstract void PackPair(byte** rows, int pair, byte* panel, int* starts);

    /// <summary>Adds the products of packed columns with some tokens to their sums.</summary>
    /// <param name="panel">Packed columns.</param>
    /// <param name="scales">d of sixteen rows per block; m, or what sums start at, follow behind those of
    /// <see cref="PanelLayout.Columns"/> columns.</param>
    /// <param name="blocks">Blocks of 32 columns.</param>
    /// <param name="x">The first token's values of these columns.</param>
    /// <param name="record">Its record of the first eight blocks.</param>
    /// <param name="stride">Bytes between prepared rows.</param>
    /// <param name="sums">Eight lanes of sixteen rows per token.</param>
    static abstract void Add<TTokens>(byte* panel, float* scales, int blocks, byte* x, byte* record, long stride, float* sums)
        where TTokens : IPanelTokens;
}
