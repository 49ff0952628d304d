namespace LayerStream.Formats;

/// <summary>Layout of one tensor type: rows are runs of blocks along the first dimension, without padding.</summary>
/// <param name="Type">The id in the file.</param>
/// <param name="Name">The usual spelling, for example <c>Q4_K</c>.</param>
/// <param name="BlockSize">Elements in one block (1 for plain numbers).</param>
/// <param name="BlockBytes">Bytes of one block.</param>
public sealed record TensorTypeInfo(TensorType Type, string Name, int BlockSize, int BlockBytes);
