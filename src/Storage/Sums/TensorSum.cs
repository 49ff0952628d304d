namespace LayerStream.Storage.Sums;

/// <summary>The checksum of one part of a model: a tensor, or everything in front of a file's first tensor.</summary>
/// <param name="Name">Tensor name, or <see cref="HeaderName"/>.</param>
/// <param name="File">Index into the model's files.</param>
/// <param name="Offset">Absolute byte offset in that file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Hash">XXH128 as 32 hexadecimal digits, big-endian; empty when it could not be read.</param>
public sealed record TensorSum(string Name, int File, long Offset, long Length, string Hash)
{
    /// <summary>Name of the part in front of the tensors: metadata, vocabulary, tensor table. No tensor name has parentheses.</summary>
    public const string HeaderName = "(header)";

    /// <summary>Blocks with scales (or elements) that are not finite.</summary>
    public long NonFinite { get; init; }

    /// <summary>Whether every byte of it is zero, though it has rows.</summary>
    public bool IsZero { get; init; }

    /// <summary>Why it could not be read, or null.</summary>
    public string? ReadError { get; init; }
}
