namespace LayerStream.Models.Architectures;

/// <summary>Where the norms of the two branches of a layer stand.</summary>
public enum NormPlace
{
    /// <summary>x += Branch(N(x)).</summary>
    Before,

    /// <summary>x += N(Branch(x)).</summary>
    After,

    /// <summary>x += N(Branch(N(x))).</summary>
    Both,
}

/// <summary>The factor on query·key.</summary>
public enum AttentionScale
{
    /// <summary>1/√(values per key head).</summary>
    HeadDim,

    /// <summary>The key <c>attention.scale</c>; without it as <see cref="HeadDim"/>.</summary>
    Key,

    /// <summary>1.</summary>
    One,
}

/// <summary>What yarn multiplies cos and sin by; s is the scaling factor.</summary>
public enum YarnMagnitude
{
    /// <summary>0.1·ln s + 1.</summary>
    Plain,

    /// <summary>(0.1·ln s + 1)/(0.1·c·ln s + 1) with c = <c>rope.scaling.yarn_log_multiplier</c>, where the file has it.</summary>
    OverMultiplier,

    /// <summary>1 where the file has <c>rope.scaling.yarn_log_multiplier</c> = c, which then makes the scores (1 + c·ln s)² larger; else as
    /// <see cref="Plain"/>.</summary>
    IntoScale,
}

/// <summary>Layers that see only the latest keys, in families that have such layers.</summary>
/// <param name="Period">Layer i slides iff i mod period &lt; period − 1, unless the file has a pattern; 0 = the file must have one.</param>
/// <param name="Theta">Base of their rotation when the file has none; null = that of the other layers.</param>
/// <param name="ScalesRope">Whether rope scaling and rope factors hold for them too.</param>
public sealed record SlidingLayers(int Period, double? Theta = null, bool ScalesRope = false)
{
    /// <summary>A period by which every layer slides.</summary>
    public const int EveryLayer = int.MaxValue;

    /// <summary>Whether the window is a fixed piece of the sequence instead of the latest keys.</summary>
    public bool IsPieced { get; init; }

    /// <summary>Window when the file has no key, in keys; 0 = no window.</summary>
    public int DefaultKeys { get; init; }
}
