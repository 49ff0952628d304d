using LayerStream.Kernels;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;

namespace LayerStream.Models.Decoding;

/// <summary>Multiplies the rows of one tile by all rows of a pass; ranges are tile rows.</summary>
internal sealed class MatMulJob : CrewJob
{
    internal WeightRows Weights;
    internal PreparedRows Activations;
    internal FloatRows Output;

    public override void Execute(int begin, int end, int worker) =>
        MatMul.Multiply(Weights, new IndexRange(begin, end), Activations, Output);
}
