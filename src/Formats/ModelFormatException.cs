namespace LayerStream.Formats;

/// <summary>A model file that cannot be used: missing, unreadable, malformed or incomplete.</summary>
/// <param name="file">Full path of the file.</param>
/// <param name="offset">Byte offset of what is wrong; 0 when it concerns the whole file.</param>
/// <param name="message">What is wrong and what to do about it.</param>
public sealed class ModelFormatException(string file, long offset, string message)
    : Exception($"{file}, byte {offset}: {message}")
{
    /// <summary>Full path of the file.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong, without file and offset.</summary>
    public string Reason { get; } = message;

    /// <summary>Byte offset of what is wrong; 0 when it concerns the whole file.</summary>
    public long Offset { get; } = offset;
}
