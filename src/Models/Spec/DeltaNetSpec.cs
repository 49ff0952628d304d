using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>Gated delta net: a causal convolution, then a matrix per head that every token changes and reads.</summary>
public sealed record DeltaNetSpec : BranchSpec
{
    public required DeltaNetShape Shape { get; init; }

    /// <summary>Rows q, k, v; null with <see cref="Joint"/>.</summary>
    public WeightMatrix? Qkv { get; init; }

    /// <summary>Output gate; null with <see cref="Joint"/>.</summary>
    public WeightMatrix? Gate { get; init; }

    /// <summary>Rows q, k, v, gate of each key head, or null.</summary>
    public WeightMatrix? Joint { get; init; }

    /// <summary>Write strengths; null with <see cref="Gates"/>.</summary>
    public WeightMatrix? Beta { get; init; }

    /// <summary>Steps of the decay; null with <see cref="Gates"/>.</summary>
    public WeightMatrix? Alpha { get; init; }

    /// <summary>Write strengths and steps of each key head, or null.</summary>
    public WeightMatrix? Gates { get; init; }

    /// <summary>[taps × channels], taps contiguous.</summary>
    public required SmallWeight Convolution { get; init; }

    /// <summary>Negative rates of the decay, one for each value head.</summary>
    public required SmallWeight Rates { get; init; }

    /// <summary>Added to the steps.</summary>
    public required SmallWeight StepBias { get; init; }

    /// <summary>Norm of each output head.</summary>
    public required SmallWeight Norm { get; init; }

    public required WeightMatrix Output { get; init; }

    // Regions of intermediate results, each [batch × its width].
    internal long RowWidth => RowRoom.CacheLines(Shape.Channels);

    internal long GateWidth => RowRoom.CacheLines(Shape.ValueWidth);

    internal long HeadWidth => RowRoom.CacheLines(Shape.ValueHeads);

    internal long MixedWidth => RowRoom.CacheLines(Math.Max(Joint?.Rows ?? 0, Gates?.Rows ?? 0));

    internal long BetaOffset => RowWidth + GateWidth;

    internal long DecayOffset => BetaOffset + HeadWidth;

    internal long MixedOffset => DecayOffset + HeadWidth;

    /// <summary>Where the matrices begin in the layer's state, behind the convolution's rows.</summary>
    internal long MatrixOffset => RowRoom.CacheLines(Shape.ConvStateFloats);

    /// <inheritdoc/>
    public override long RowFloats => MixedOffset + MixedWidth;

    /// <inheritdoc/>
    public override int WidestInput => Math.Max(Output.Columns, (Qkv ?? Joint!).Columns);

    /// <inheritdoc/>
    public override long TrialFloats => RowWidth + (2 * HeadWidth);

    /// <inheritdoc/>
    public override long StateBytesPerSequence => checked((MatrixOffset + Shape.MatrixFloats) * 4);
}
