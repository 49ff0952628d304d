namespace LayerStream.Kernels.Ops;

/// <summary>How a layer chooses and weights its experts, as data.</summary>
public readonly record struct RouterRule
{
    /// <summary>Most experts of a layer.</summary>
    public const int MaxExperts = 1024;

    /// <summary>Most experts per token.</summary>
    public const int MaxSelected = 64;

    /// <summary>No groups.</summary>
    public RouterRule()
    {
    }

    /// <summary>Experts of the layer.</summary>
    public required int Experts { get; init; }

    /// <summary>Experts per token.</summary>
    public required int Selected { get; init; }

    /// <summary>From logits to weights.</summary>
    public required RouterWeighting Weighting { get; init; }

    /// <summary>Choose by logit rather than by weight (llama4); implied by <see cref="RouterWeighting.SelectedSoftmax"/>.</summary>
    public bool SelectByLogit { get; init; }

    /// <summary>Equal groups of consecutive experts; 1 = none.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Groups whose experts may be chosen.</summary>
    public int KeptGroups { get; init; } = 1;

    /// <summary>Ranking of the groups.</summary>
    public RouterGroupScore GroupScore { get; init; }

    /// <summary>Divide the chosen weights by their sum.</summary>
    public bool Normalise { get; init; }

    /// <summary>Factor on the weights, after normalising.</summary>
    public float Scale { get; init; } = 1f;

    /// <summary>Floats of scratch that <see cref="Router.Select"/> needs.</summary>
    public int ScratchFloats => (2 * Experts) + Groups;

    /// <summary>Checks that the numbers belong together.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which.</exception>
    public void Validate()
    {
        if (Experts is < 1 or > MaxExperts || Selected < 1 || Selected > Math.Min(Experts, MaxSelected))
        {
            throw new ArgumentException($"{Selected} of {Experts} experts cannot be routed (at most {MaxSelected} of {MaxExperts}).");
        }

        if (Groups < 1 || Experts % Groups != 0 || KeptGroups < 1 || KeptGroups > Groups || KeptGroups * (Experts / Groups) < Selected)
        {
            throw new ArgumentException($"{KeptGroups} of {Groups} groups of {Experts} experts do not hold {Selected} experts.");
        }
    }
}
