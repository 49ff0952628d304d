namespace LayerStream.Kernels.Ops;

/// <summary>By what a group of experts is ranked.</summary>
public enum RouterGroupScore
{
    /// <summary>Sum of its two best selection scores.</summary>
    TwoBest,

    /// <summary>Its best selection score.</summary>
    Best,
}
