namespace LayerStream.Models.Spec;

/// <summary>down · (activation(gate · x) ⊙ up · x).</summary>
public sealed record DenseFfnSpec : BranchSpec
{
    /// <summary>Null when <see cref="Up"/> holds gate rows, then up rows.</summary>
    public WeightMatrix? Gate { get; init; }

    public required WeightMatrix Up { get; init; }

    public required WeightMatrix Down { get; init; }

    /// <summary>Values between the two products.</summary>
    public required int Width { get; init; }

    public required GatedActivation Activation { get; init; }

    /// <inheritdoc/>
    public override long RowFloats => 2L * Width;

    /// <inheritdoc/>
    public override int WidestInput => Math.Max(Up.Columns, Width);
}
