using LayerStream.Formats;
using LayerStream.Memory;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage.Writing;

/// <summary>
/// A file of known length written at any place, past the page cache where the file system can; elsewhere what was written is synced and
/// dropped every few MiB. Its room is taken when it is created, so that it lies in few pieces and a disk that is too small is told at
/// once. Locked against other programs of this kind while open. Safe for writes by several threads to different places.
/// </summary>
public sealed class DirectOutput : IDisposable
{
    private const long UnsyncedBytes = 8 << 20; // in the page cache at most, where writes pass through it

    private readonly SafeFileHandle _file;
    private readonly Lock _syncing = new();
    private volatile string? _fallback;
    private long _unsynced;

    private DirectOutput(string path, SafeFileHandle file, long length) => (Path, _file, Length) = (path, file, length);

    /// <summary>Path as given.</summary>
    public string Path { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; }

    /// <summary>Why writes go through the page cache; null when they do not.</summary>
    public string? FallbackReason => _fallback;

    /// <summary>Opens a file that is there, or creates it; what it holds is kept.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="length">Bytes of the whole file, at least 1.</param>
    /// <param name="isPrivate">Whether only its owner may read it.</param>
    /// <exception cref="IOException">It cannot be opened, another program writes it, or the disk has no room for it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static DirectOutput Open(string path, long length, bool isPrivate = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        SafeFileHandle file = File.Exists(path)
            ? File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)
            : File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, length);
        try
        {
            if (isPrivate && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite); // nothing has been written yet
            }

            if (RandomAccess.GetLength(file) != length)
            {
                RandomAccess.SetLength(file, length);
            }

            DirectOutput output = new(path, file, length);
            if (OperatingSystem.IsWindows() || !NativeFile.SetDirect(file, true, out _))
            {
                output._fallback = $"{path}: direct writes are not supported here";
            }

            return output;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes bytes of a buffer.</summary>
    /// <param name="buffer">Where they are; what lies behind them up to the alignment may be overwritten.</param>
    /// <param name="at">Where they begin in the buffer: a multiple of the alignment.</param>
    /// <param name="length">Bytes: a multiple of the alignment, or up to the end of the file.</param>
    /// <param name="offset">Place in the file: a multiple of the alignment.</param>
    /// <exception cref="IOException">The system refused; its HResult is the error number.</exception>
    public void Write(AlignedBuffer buffer, long at, int length, long offset)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        bool isEnd = offset + length == Length;
        if (offset < 0 || length < 0 || offset + length > Length || at % ExtentWindow.Alignment != 0
            || offset % ExtentWindow.Alignment != 0 || (length % ExtentWindow.Alignment != 0 && !isEnd))
        {
            throw new ArgumentException($"Offset {offset}, place {at} and length {length} must be multiples of {ExtentWindow.Alignment}.");
        }

        if (_fallback is null && TryWriteDirect(buffer, at, length, offset))
        {
            return;
        }

        RandomAccess.Write(_file, buffer.Bytes(at, length), offset);
        if (Interlocked.Add(ref _unsynced, length) >= UnsyncedBytes)
        {
            Sync();
        }
    }

    /// <summary>Brings what was written to the disk, and drops what the page cache has of the file.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Sync()
    {
        lock (_syncing)
        {
            Interlocked.Exchange(ref _unsynced, 0);
            RandomAccess.FlushToDisk(_file);
            NativeFile.Advise(_file, 0, 0, NativeFile.AdviseDontNeed);
        }
    }

    /// <summary>Closes the file and gives the lock up.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>False where the file system does not write directly, or not to this place; it then does not from then on.</summary>
    private bool TryWriteDirect(AlignedBuffer buffer, long at, int length, long offset)
    {
        int whole = (int)((length + ExtentWindow.Alignment - 1L) / ExtentWindow.Alignment * ExtentWindow.Alignment);
        try
        {
            if (whole > length)
            {
                buffer.Bytes(at + length, whole - length).Clear();
            }

            RandomAccess.Write(_file, buffer.Bytes(at, whole), offset);
        }
        catch (IOException e) when (Errno.RefusesDirect(e.HResult))
        {
            _ = NativeFile.SetDirect(_file, false, out _);
            _fallback = $"{Path}: direct writes are not supported here ({e.Message})";
            return false;
        }

        if (whole > length)
        {
            RandomAccess.SetLength(_file, Length);
        }

        NativeFile.Advise(_file, offset, whole, NativeFile.AdviseDontNeed); // file systems buffer direct writes in silence, some of them
        return true;
    }
}
