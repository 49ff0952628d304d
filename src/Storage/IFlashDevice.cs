namespace LayerStream.Storage;

/// <summary>The files of one model as a device of reads aligned to <see cref="Formats.ExtentWindow.Alignment"/>. Reads from any number of
/// threads at once.</summary>
public interface IFlashDevice : IDisposable
{
    /// <summary>True when every file is read past the page cache.</summary>
    bool IsDirect { get; }

    /// <summary>Why <see cref="IsDirect"/> is false; null when it is true.</summary>
    string? FallbackReason { get; }

    /// <summary>Paths, by file index.</summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>Length in bytes when the file was opened.</summary>
    long FileLength(int file);

    /// <summary>Compares an open file with what it was at opening; cheap enough for every request.</summary>
    /// <returns>Null when unchanged, otherwise what changed, as the end of a sentence about the file: its bytes can no longer be
    /// trusted.</returns>
    string? DescribeChange(int file);

    /// <summary>What tells an open file from others and from what it may become: its length and modification time; empty where it has
    /// none.</summary>
    string Stamp(int file) => "";

    /// <summary>One read, which may be short.</summary>
    /// <param name="file">Index into <see cref="Files"/>.</param>
    /// <param name="offset">Byte offset, aligned.</param>
    /// <param name="destination">Address, aligned; the kernel owns its memory until this returns.</param>
    /// <param name="length">Bytes, aligned.</param>
    /// <returns>Bytes read; 0 at the end of the file.</returns>
    /// <exception cref="FlashReadException">With the errno of the system.</exception>
    int Read(int file, long offset, nint destination, int length);
}
