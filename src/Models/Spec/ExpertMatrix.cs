using LayerStream.Formats;

namespace LayerStream.Models.Spec;

/// <summary>One matrix of every expert of a layer: stacked in one tensor [columns, rows, experts], or a tensor for each expert.</summary>
public sealed record ExpertMatrix
{
    /// <summary>A stack.</summary>
    /// <param name="tensor">The stack; expert e is one contiguous slab.</param>
    /// <param name="rows">Outputs of one expert.</param>
    public ExpertMatrix(TensorInfo tensor, int rows)
        : this([tensor], rows)
    {
    }

    /// <summary>A tensor for each expert; all of one type and shape.</summary>
    public ExpertMatrix(IReadOnlyList<TensorInfo> tensors)
        : this(tensors, checked((int)tensors[0].Rows))
    {
    }

    private ExpertMatrix(IReadOnlyList<TensorInfo> tensors, int rows) =>
        (Tensors, Rows, SlabBytes) = (tensors, rows, checked(tensors[0].RowBytes * rows));

    /// <summary>The stack alone, or the tensors of all experts.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Outputs of one expert.</summary>
    public int Rows { get; }

    /// <summary>Bytes of one expert's slab.</summary>
    public long SlabBytes { get; }

    /// <summary>Factors for the result, one for each expert (<c>NAME.scale</c>), or null.</summary>
    public SmallWeight? Scales { get; init; }

    /// <summary>Added to the scaled result: [rows, experts], or null.</summary>
    public SmallWeight? Biases { get; init; }

    /// <summary>Type of all experts.</summary>
    public TensorType Type => Tensors[0].Type;

    /// <summary>Inputs.</summary>
    public int Columns => checked((int)Tensors[0].Columns);

    /// <summary>Where an expert's slab lies.</summary>
    public Extent Slab(int expert)
    {
        if (Tensors.Count > 1)
        {
            return Tensors[expert].Extent;
        }

        Extent first = Tensors[0].Extent;
        return new Extent(first.File, checked(first.Offset + (SlabBytes * expert)), SlabBytes);
    }

    /// <summary>The tensor and the expert that a byte of a file belongs to, or null.</summary>
    public (TensorInfo Tensor, int Expert)? At(int file, long offset)
    {
        for (int i = 0; i < Tensors.Count; i++)
        {
            Extent whole = Tensors[i].Extent;
            if (whole.File == file && offset >= whole.Offset && offset < whole.End)
            {
                return (Tensors[i], Tensors.Count > 1 ? i : (int)((offset - whole.Offset) / SlabBytes));
            }
        }

        return null;
    }
}
