using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>Σ over the experts a router chose of weight · down · activation(gate · x, up · x), beside a dense network where there is
/// one.</summary>
public sealed record ExpertFfnSpec : BranchSpec
{
    /// <summary>From a row to a logit for each expert.</summary>
    public required WeightMatrix Router { get; init; }

    public required RouterRule Rule { get; init; }

    /// <summary>Added to the scores for the choice only, or null.</summary>
    public SmallWeight? SelectionBias { get; init; }

    public required ExpertBank Bank { get; init; }

    /// <summary>Values between an expert's two products.</summary>
    public required int Width { get; init; }

    public required GatedActivation Activation { get; init; }

    /// <summary>Whether the weight is a factor of an expert's input instead of its output.</summary>
    public bool WeightsInput { get; init; }

    /// <summary>The network that every row passes, or null.</summary>
    public DenseFfnSpec? Shared { get; init; }

    /// <summary>Vector [model width] whose product with the input, through a sigmoid, weights the shared network, or null.</summary>
    public SmallWeight? SharedGate { get; init; }

    /// <summary>Norms of the parts where the branch takes the residual stream itself, or null.</summary>
    public ExpertNorms? Norms { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public int ModelWidth => Router.Columns;

    /// <inheritdoc/>
    public override bool NormsItsInput => Norms is not null;

    // Regions of intermediate results, each [batch × its width]: the shared network is done before the experts use its room.
    internal long PairWidth => RowRoom.CacheLines(2L * Width);

    internal long GatheredOffset => PairWidth;

    internal long HiddenOffset => GatheredOffset + RowRoom.Prepared(ModelWidth);

    internal long OutputOffset => HiddenOffset + RowRoom.Prepared(Width);

    internal long OutputWidth => RowRoom.CacheLines(ModelWidth);

    internal long SharedWidth => Shared is null ? 0 : RowRoom.CacheLines(Shared.RowFloats);

    internal long LogitOffset => Math.Max(SharedWidth, checked(OutputOffset + (OutputWidth * Rule.Selected)));

    internal long LogitWidth => RowRoom.CacheLines(Rule.Experts);

    /// <inheritdoc/>
    public override long RowFloats => LogitOffset + LogitWidth;

    /// <inheritdoc/>
    public override int WidestInput => Math.Max(ModelWidth, Shared?.WidestInput ?? 0);

    /// <inheritdoc/>
    public override long ThreadFloats => Math.Max(Rule.ScratchFloats, SharedGate is null ? 0 : RowRoom.Prepared(ModelWidth) + 16);
}

/// <summary>Norms of a branch whose experts run beside a dense network.</summary>
/// <param name="Router">Of the router's input, which is then divided by √width.</param>
/// <param name="SharedBefore">Of the dense network's input.</param>
/// <param name="SharedAfter">Of its output.</param>
/// <param name="ExpertsBefore">Of the experts' input.</param>
/// <param name="ExpertsAfter">Of their sum.</param>
public sealed record ExpertNorms(SmallWeight Router, SmallWeight SharedBefore, SmallWeight SharedAfter, SmallWeight ExpertsBefore,
    SmallWeight ExpertsAfter);
