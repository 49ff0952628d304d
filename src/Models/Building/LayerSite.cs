using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>What a builder of one branch of one layer works with.</summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Width">Width of the residual stream.</param>
internal sealed record LayerSite(SpecReader Reader, Architecture Row, int Index, int Layers, int Width, LayerKinds Kinds, RopeBuilder Ropes)
{
    /// <summary>Prefix of the layer's tensors.</summary>
    internal string Prefix => $"blk.{Index}.";

    internal bool IsSliding => Kinds.IsSliding(Index);

    internal WeightMatrix? Matrix(string name, long columns, long rows, IReadOnlyList<RowBias>? biases = null, bool hasScale = true) =>
        Reader.Matrix(Prefix + name, Index, columns, rows, biases, hasScale);
}
