namespace LayerStream.Kernels.Ops;

/// <summary>Which two elements of a head form rotation pair p of n_rot / 2.</summary>
public enum RopeStyle
{
    /// <summary>Elements 2p and 2p + 1 ("norm").</summary>
    Interleaved,

    /// <summary>Elements p and p + n_rot / 2 ("neox").</summary>
    Half,
}
