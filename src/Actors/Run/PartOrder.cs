using LayerStream.Models.Decoding;

namespace LayerStream.Actors.Run;

/// <summary>What the engine in front tells the one behind, in order. All of it is values, so that a wire could stand between the
/// two.</summary>
internal abstract record PartOrder
{
    /// <summary>Number of the run it belongs to; what belongs to one that has ended is passed over, but for changes of states.</summary>
    internal int Run { get; init; }

    /// <summary>A sequence's state changes.</summary>
    internal sealed record State(int Sequence, StateOrder Order) : PartOrder;

    /// <summary>A pass is to come.</summary>
    internal sealed record Announced(bool WithHead) : PartOrder;

    /// <summary>Rows of a pass behind the layers in front.</summary>
    /// <param name="Places">Sequence, token and position of each.</param>
    /// <param name="Streams">[rows × width] residual streams.</param>
    /// <param name="Tries">Sequences whose recurrent layers stay as they are until rows are taken over.</param>
    internal sealed record Rows((int Sequence, int Token, int Position)[] Places, float[] Streams, bool[] Tries) : PartOrder;

    /// <summary>The pass goes on with some of its rows only.</summary>
    internal sealed record Keep(int[] Numbers) : PartOrder;

    /// <summary>Logits of some rows are wanted; of none = the head passes by.</summary>
    internal sealed record Head(int[] Numbers) : PartOrder;

    /// <summary>A row's state behind the final norm is wanted.</summary>
    internal sealed record Normed(int Row) : PartOrder;

    /// <summary>The pass is over.</summary>
    internal sealed record PassEnd(int Count) : PartOrder;

    /// <summary>The run is over.</summary>
    internal sealed record RunEnd : PartOrder;
}
