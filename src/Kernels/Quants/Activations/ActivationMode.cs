namespace LayerStream.Kernels.Quants.Activations;

/// <summary>How the activations of a matrix product are represented.</summary>
public enum ActivationMode
{
    /// <summary>Rounded to 8 bits per block; integer dot products (default).</summary>
    Int8,

    /// <summary>Rounded to 16 bits per block, as two digits of 8 bits each; integer dot products of either.</summary>
    Int16,

    /// <summary>Single precision throughout: the reference path.</summary>
    F32,
}
