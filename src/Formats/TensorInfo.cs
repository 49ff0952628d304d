namespace LayerStream.Formats;

/// <summary>One tensor of a model as its file describes it.</summary>
/// <param name="Name">Name in the file, for example <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">Element or block type.</param>
/// <param name="Shape">Dimensions in file order: <c>Shape[0]</c> is contiguous (the row length); never empty.</param>
/// <param name="Extent">Where its bytes lie.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape, Extent Extent)
{
    /// <summary>Elements of one row (the input features of a matrix).</summary>
    public long Columns => Shape[0];

    /// <summary>Product of all dimensions but the first.</summary>
    public long Rows
    {
        get
        {
            long rows = 1;
            for (int i = 1; i < Shape.Count; i++)
            {
                rows *= Shape[i];
            }

            return rows;
        }
    }

    /// <summary>Bytes of one row; rows follow each other without padding.</summary>
    public long RowBytes => Extent.Length / Math.Max(1, Rows);

    /// <summary>Number of elements.</summary>
    public long Elements => Columns * Rows;
}
