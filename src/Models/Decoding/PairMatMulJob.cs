using LayerStream.Formats;
using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>Multiplies the rows of one or two matrices by the same activations in one job; ranges count the second's rows behind the first's.</summary>
internal sealed class PairMatMulJob : CrewJob
{
    internal Part First;
    internal Part Second;
    internal int Columns;
    internal ActivationLayout Layout;
    internal nint Activations;
    internal long ActivationStride;
    internal int Tokens;
    internal long OutputStride;

    /// <summary>Ranges of a run.</summary>
    internal int Rows => First.Rows + Second.Rows;

    public override void Execute(int begin, int end, int worker)
    {
        Multiply(First, begin, Math.Min(end, First.Rows));
        Multiply(Second, Math.Max(0, begin - First.Rows), end - First.Rows);
    }

    private void Multiply(in Part part, int begin, int end)
    {
        if (begin < end)
        {
            MatMul.Multiply(part.Type, part.Weights, Columns, begin, end, Layout, Activations, ActivationStride, Tokens, part.Output, OutputStride);
        }
    }

    /// <param name="Rows">0 = no matrix.</param>
    internal readonly record struct Part(TensorType Type, nint Weights, int Rows, nint Output);
}
