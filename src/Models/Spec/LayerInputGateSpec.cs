namespace LayerStream.Models.Spec;

/// <summary>Projection · (GELU(gate · x) ⊙ layer input): how a layer takes in its piece of <see cref="LayerInputSpec"/>.</summary>
public sealed record LayerInputGateSpec : BranchSpec
{
    public required WeightMatrix Gate { get; init; }

    public required WeightMatrix Projection { get; init; }

    /// <summary>Values of a piece.</summary>
    public required int Width { get; init; }

    /// <inheritdoc/>
    public override long RowFloats => Width;

    /// <inheritdoc/>
    public override int WidestInput => Math.Max(Gate.Columns, Width);
}
