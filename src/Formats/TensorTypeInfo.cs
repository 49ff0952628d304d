namespace LayerStream.Formats;

/// <summary>Layout of one tensor type: rows are runs of blocks along the first dimension, without padding.</summary>
/// <param name="Type">The id in the file.</param>
/// <param name="BlockSize">Elements in one block (1 for plain numbers).</param>
/// <param name="BlockBytes">Bytes of one block.</param>
/// <param name="Numbers">The floating-point numbers of a block; all its other bits are valid by construction.</param>
public sealed record TensorTypeInfo(TensorType Type, int BlockSize, int BlockBytes, BlockNumbers Numbers)
{
    /// <summary>The usual spelling, for example <c>Q4_K</c>.</summary>
    public string Name { get; } = Type.ToString();

    /// <summary>The type that stands in where a row is no whole number of blocks; null: there is none of about the same bits.</summary>
    public TensorType? ForShortRows { get; init; }

    /// <summary>How random blocks get values of mean 0; null: nothing fills blocks of this type.</summary>
    public RandomCodes? Random { get; init; }

    /// <summary>Bytes of the whole blocks among so many elements.</summary>
    public long Bytes(long elements) => elements / BlockSize * BlockBytes;
}
