using LayerStream.Kernels;

namespace LayerStream.Models.Decoding;

/// <summary>Runs one branch of one layer for all rows of a pass; made once, allocates nothing in a pass.</summary>
internal abstract class BranchExecutor
{
    /// <summary>Computes the branch.</summary>
    /// <param name="input">Rows of the model's width; not to be changed.</param>
    /// <param name="output">Rows of the same shape, not the input.</param>
    internal abstract void Run(FloatRows input, FloatRows output);
}
