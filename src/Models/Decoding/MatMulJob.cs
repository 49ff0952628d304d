using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Models.Decoding;

/// <summary>Multiplies the rows of one tile by all rows of a pass; ranges are tile rows.</summary>
internal sealed class MatMulJob : CrewJob
{
    internal TensorType Type;
    internal nint Weights;
    internal int Columns;
    internal ActivationLayout Layout;
    internal nint Activations;
    internal long ActivationStride;
    internal int Tokens;
    internal nint Output;
    internal long OutputStride;

    public override void Execute(int begin, int end, int worker) =>
        MatMul.Multiply(Type, Weights, Columns, begin, end, Layout, Activations, ActivationStride, Tokens, Output, OutputStride);
}
