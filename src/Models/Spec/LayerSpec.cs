namespace LayerStream.Models.Spec;

/// <summary>One decoder layer, resolved once at load: its branches in order, each adding to the residual stream.</summary>
public sealed record LayerSpec
{
    /// <summary>Position in the model.</summary>
    public required int Index { get; init; }

    /// <summary>The mixer first, then the feed-forward network, then what a family adds.</summary>
    public required IReadOnlyList<Branch> Branches { get; init; }

    /// <summary>One factor for the residual stream at the end of the layer, or null.</summary>
    public SmallWeight? OutputScale { get; init; }

    /// <summary>What mixes tokens, and owns the layer's state.</summary>
    public BranchSpec Mixer => Branches[0].Body;
}

/// <summary>x += Scale · N(Body(N(x; Before)); After), where a missing norm passes its input on.</summary>
public sealed record Branch(BranchSpec Body, SmallWeight? Before, SmallWeight? After, float Scale = 1);
