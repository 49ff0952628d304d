using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Memory;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>
/// Model files read straight into our own memory: O_DIRECT on Linux, F_NOCACHE on macOS, FILE_FLAG_NO_BUFFERING on Windows.
/// Where the file system refuses, at opening or at any read, reads go through the page cache in pieces that are dropped after each,
/// and <see cref="FallbackReason"/> says so. Files stay open, so a file renamed over or unlinked keeps serving its old bytes.
/// </summary>
public sealed class FlashDevice : IFlashDevice
{
    /// <summary>Bytes of page cache that one thread's read holds at most where reads are not direct.</summary>
    public const int CachedBytesPerRead = OpenFile.BufferedPieceBytes + (1 << 16);

    private const FileOptions NoBuffering = (FileOptions)0x20000000;

    private readonly List<OpenFile> _files = [];
    private readonly List<string> _paths = [];
    private int _isTold;

    private FlashDevice()
    {
    }

    /// <inheritdoc/>
    public bool IsDirect => FallbackReason is null;

    /// <inheritdoc/>
    public string? FallbackReason
    {
        get
        {
            foreach (OpenFile file in _files)
            {
                if (file.FallbackReason is { } reason)
                {
                    return reason;
                }
            }

            return null;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _paths;

    /// <summary>Is told once, from the thread that reads, when reads that were direct go through the page cache from then on.</summary>
    public Action<string>? FellBack { get; set; }

    /// <summary>Opens all files of a model.</summary>
    /// <param name="files">Paths; their index is the file index of extents.</param>
    /// <param name="buffered">Reads through the page cache even where direct reads are possible.</param>
    /// <exception cref="FlashReadException">A file cannot be opened, is not a regular file, or its first block cannot be read.</exception>
    public static FlashDevice Open(IReadOnlyList<string> files, bool buffered = false)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Open(files, OpenPath, buffered ? false : null);
    }

    /// <summary>Opens one file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="block">Buffer of at least one <see cref="ExtentWindow.Alignment"/> for trials, which is free afterwards.</param>
    /// <param name="isDirect">Whether reads of files beside it bypass the page cache, which spares the trials; null finds out.</param>
    /// <exception cref="FlashReadException">It cannot be opened, is not a regular file, or its first block cannot be read.</exception>
    public static FlashDevice Open(string path, AlignedBuffer block, bool? isDirect = null)
    {
        ArgumentNullException.ThrowIfNull(block);
        return Open([path], OpenPath, isDirect, block);
    }

    /// <summary>Reads the files that a model's description was read from, whatever lies under their paths now.</summary>
    /// <param name="files">The open files; may be closed afterwards.</param>
    /// <exception cref="ModelChangedException">A file was changed since its description was read.</exception>
    /// <exception cref="FlashReadException">Its first block cannot be read, or no descriptor is left.</exception>
    public static FlashDevice Open(ModelFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        IReadOnlyList<string> paths = files.Paths;
        FlashDevice device = Open(paths, (path, file) => OperatingSystem.IsWindows() ? OpenPath(path, file)
            : OpenFile.Of(path, Duplicate(path, files.Handle(file))), isDirect: null);
        for (int file = 0; file < paths.Count; file++)
        {
            if (files.DescribeChange(file) is { } change)
            {
                device.Dispose();
                throw new ModelChangedException(paths[file], change);
            }
        }

        return device;
    }

    /// <inheritdoc/>
    public long FileLength(int file) => _files[file].Length;

    /// <inheritdoc/>
    /// <remarks>Size and modification time of the open file itself: a file renamed over or unlinked has not changed.</remarks>
    public string? DescribeChange(int file) => _files[file].DescribeChange();

    /// <inheritdoc/>
    public string Stamp(int file) => _files[file].Stamp;

    /// <inheritdoc/>
    public int Read(int file, long offset, nint destination, int length)
    {
        if (offset < 0 || length < 0 || offset % ExtentWindow.Alignment != 0 || destination % ExtentWindow.Alignment != 0
            || length % ExtentWindow.Alignment != 0)
        {
            throw new ArgumentException($"Offset {offset}, address 0x{destination:x} and length {length} must be multiples of "
                + $"{ExtentWindow.Alignment}.");
        }

        OpenFile f = _files[file];
        if (OperatingSystem.IsWindows())
        {
            return ReadWindows(f, offset, destination, length);
        }

        bool wasDirect = f.FallbackReason is null;
        int count = f.Read(offset, destination, length, out int errno);
        if (wasDirect && f.FallbackReason is { } reason && Interlocked.Exchange(ref _isTold, 1) == 0)
        {
            FellBack?.Invoke(reason);
        }

        return count >= 0 ? count : throw f.Failed(offset, length, errno);
    }

    /// <summary>The next range of a file at or behind an offset where the file system holds no data and zeros are read; null when there is
    /// none or it does not tell.</summary>
    public (long Begin, long End)? NextHole(int file, long offset) => _files[file].NextHole(offset);

    /// <summary>Closes the files; a read still running keeps its file open until it ends.</summary>
    public void Dispose()
    {
        foreach (OpenFile file in _files)
        {
            file.Dispose();
        }
    }

    private static FlashDevice Open(IReadOnlyList<string> paths, Func<string, int, OpenFile> open, bool? isDirect)
    {
        using AlignedBuffer block = new BudgetAccount("first block of a file", ExtentWindow.Alignment).Allocate(ExtentWindow.Alignment);
        return Open(paths, open, isDirect, block);
    }

    private static FlashDevice Open(IReadOnlyList<string> paths, Func<string, int, OpenFile> open, bool? isDirect, AlignedBuffer block)
    {
        FlashDevice device = new();
        try
        {
            for (int i = 0; i < paths.Count; i++)
            {
                OpenFile file = open(paths[i], i);
                device._files.Add(file);
                device._paths.Add(paths[i]);
                if (isDirect is false)
                {
                    file.UseCache($"{paths[i]}: buffered reads were asked for");
                }
                else if (!OperatingSystem.IsWindows())
                {
                    file.BypassCache(isDirect is true ? 0 : block.Address);
                }
            }

            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private static OpenFile OpenPath(string path, int file)
    {
        if (OperatingSystem.IsWindows())
        {
            return OpenWindows(path);
        }

        SafeFileHandle? handle = NativeFile.Open(path, out int errno);
        return handle is null
            ? throw new FlashReadException(path, 0, 0, errno, Marshal.GetPInvokeErrorMessage(errno)) : OpenFile.Of(path, handle);
    }

    private static SafeFileHandle Duplicate(string path, SafeFileHandle file) => NativeFile.Duplicate(file, out int errno)
        ?? throw new FlashReadException(path, 0, 0, errno, Marshal.GetPInvokeErrorMessage(errno));

    private static OpenFile OpenWindows(string path)
    {
        const FileShare share = FileShare.Read | FileShare.Delete;
        try
        {
            return OpenFile.Of(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, share, NoBuffering | FileOptions.RandomAccess));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or FlashReadException))
        {
            OpenFile file = OpenFile.Of(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, share, FileOptions.RandomAccess));
            file.UseCache($"{path}: unbuffered reads are not supported here ({e.Message})");
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new FlashReadException(path, 0, 0, e.HResult & 0xFFFF, e.Message);
        }
    }

    private static int ReadWindows(OpenFile file, long offset, nint destination, int length)
    {
        try
        {
            return file.ReadManaged(offset, destination, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlashReadException(file.Path, offset, length, e.HResult & 0xFFFF, e.Message);
        }
    }
}
