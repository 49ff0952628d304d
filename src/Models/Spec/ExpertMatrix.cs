using LayerStream.Formats;

namespace LayerStream.Models.Spec;

/// <summary>One matrix of every expert of a layer, stacked: [columns, rows, experts].</summary>
/// <param name="Tensor">The stack; expert e is one contiguous slab.</param>
/// <param name="Rows">Outputs of one expert.</param>
public sealed record ExpertMatrix(TensorInfo Tensor, int Rows)
{
    /// <summary>Factors for the result, one for each expert (<c>NAME.scale</c>), or null.</summary>
    public SmallWeight? Scales { get; init; }

    /// <summary>Added to the scaled result: [rows, experts], or null.</summary>
    public SmallWeight? Biases { get; init; }

    /// <summary>Inputs.</summary>
    public int Columns => checked((int)Tensor.Columns);

    /// <summary>Bytes of one expert's slab.</summary>
    public long SlabBytes => checked(Tensor.RowBytes * Rows);

    /// <summary>Where an expert's slab lies.</summary>
    public Extent Slab(int expert) => new(Tensor.Extent.File, checked(Tensor.Extent.Offset + (SlabBytes * expert)), SlabBytes);
}
