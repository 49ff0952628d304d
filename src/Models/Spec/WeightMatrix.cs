using LayerStream.Formats;

namespace LayerStream.Models.Spec;

/// <summary>A matrix that a pass multiplies by: rows = outputs, columns = inputs, with optional biases and output scale.</summary>
public sealed record WeightMatrix
{
    /// <summary>Index in <see cref="ModelSpec.Matrices"/>, which is the order of use in a pass.</summary>
    public required int Id { get; init; }

    /// <summary>Layer it belongs to; the layer count for the output head.</summary>
    public required int Layer { get; init; }

    /// <summary>Where and what it is in the file.</summary>
    public required TensorInfo Tensor { get; init; }

    /// <summary>Added to the scaled result; a fused matrix may have one for each of its parts.</summary>
    public IReadOnlyList<RowBias> Biases { get; init; } = [];

    /// <summary>One factor for the result (<c>NAME.scale</c>), or null.</summary>
    public SmallWeight? Scale { get; init; }

    /// <summary>Outputs.</summary>
    public int Rows => checked((int)Tensor.Rows);

    /// <summary>Inputs.</summary>
    public int Columns => checked((int)Tensor.Columns);
}

/// <summary>A bias for the outputs from a row on.</summary>
public readonly record struct RowBias(SmallWeight Weight, int FirstRow);
