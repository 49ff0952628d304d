namespace LayerStream.Kernels.Quants.Activations;

/// <summary>How the activations of a matrix product are represented.</summary>
public enum ActivationMode
{
    /// <summary>Rounded to 8 bits per block; integer dot products.</summary>
    Int8,

    /// <summary>Rounded to 16 bits per block, as two digits of 8 bits each; integer dot products of either.</summary>
    Int16,

    /// <summary>Single precision throughout: the reference path.</summary>
    F32,
}

/// <summary>The mode where nobody says one.</summary>
public static class ActivationModes
{
    /// <summary>16 bits: the answers of float arithmetic, at little less than the decoding speed of 8 bits (docs/decisions/0014).</summary>
    public const ActivationMode Default = ActivationMode.Int16;
}
