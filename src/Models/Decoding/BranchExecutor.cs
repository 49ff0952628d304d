using LayerStream.Kernels;

namespace LayerStream.Models.Decoding;

/// <summary>Runs one branch of one layer for all rows of a pass; made once, allocates nothing in a pass.</summary>
internal abstract class BranchExecutor
{
    /// <summary>Computes the branch.</summary>
    /// <param name="input">Rows of the model's width; not to be changed.</param>
    /// <param name="output">Rows of the same shape, not the input.</param>
    internal abstract void Run(FloatRows input, FloatRows output);

    /// <summary>Between two passes: advances a sequence's recurrent state by the first rows that the last pass tried.</summary>
    /// <param name="state">The sequence.</param>
    /// <param name="rows">Rows that turned out right; at least one.</param>
    internal virtual void TakeOver(SequenceState state, int rows)
    {
    }
}
