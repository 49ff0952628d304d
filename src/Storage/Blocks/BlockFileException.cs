namespace LayerStream.Storage.Blocks;

/// <summary>A file is not, or not as a whole, what its writer left.</summary>
/// <param name="file">Path of the file.</param>
/// <param name="reason">What is wrong with it, as the end of a sentence about it.</param>
public sealed class BlockFileException(string file, string reason) : IOException($"{file} {reason}")
{
    /// <summary>Path of the file.</summary>
    public string File { get; } = file;
}
