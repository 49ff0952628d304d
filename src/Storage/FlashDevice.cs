using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Memory;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>
/// Model files read straight into our own memory: O_DIRECT on Linux, F_NOCACHE on macOS, FILE_FLAG_NO_BUFFERING on Windows.
/// Where the file system refuses, reads go through the page cache, which is dropped after each, and
/// <see cref="FallbackReason"/> says so. Files stay open, so a file renamed over or unlinked keeps serving its old bytes.
/// </summary>
public sealed unsafe class FlashDevice : IFlashDevice
{
    private const FileOptions NoBuffering = (FileOptions)0x20000000;

    private readonly List<OpenFile> _files = [];
    private readonly List<string> _paths = [];

    private FlashDevice()
    {
    }

    /// <inheritdoc/>
    public bool IsDirect => FallbackReason is null;

    /// <inheritdoc/>
    public string? FallbackReason { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _paths;

    /// <summary>Opens all files of a model.</summary>
    /// <param name="files">Paths; their index is the file index of extents.</param>
    /// <param name="buffered">Reads through the page cache even where direct reads are possible.</param>
    /// <exception cref="FlashReadException">A file cannot be opened, is not a regular file, or its first block cannot be read.</exception>
    public static FlashDevice Open(IReadOnlyList<string> files, bool buffered = false)
    {
        ArgumentNullException.ThrowIfNull(files);
        FlashDevice device = new();
        try
        {
            using AlignedBuffer block = new BudgetAccount("first block of a file", ExtentWindow.Alignment).Allocate(ExtentWindow.Alignment);
            foreach (string path in files)
            {
                string? reason = buffered ? $"{path}: buffered reads were asked for" : null;
                OpenFile file = buffered ? OpenBuffered(path)
                    : OperatingSystem.IsWindows() ? OpenWindows(path, ref reason) : OpenUnix(path, block.Address, ref reason);
                device._files.Add(file);
                device._paths.Add(path);
                device.FallbackReason ??= reason;
            }

            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long FileLength(int file) => _files[file].Length;

    /// <inheritdoc/>
    /// <remarks>Size and modification time of the open file itself: a file renamed over or unlinked has not changed.</remarks>
    public string? DescribeChange(int file)
    {
        OpenFile f = _files[file];
        if (!NativeFile.TryStat(f.Handle, out long length, out long modifiedNanos))
        {
            return "can no longer be examined";
        }

        return length != f.Length ? $"had {f.Length} bytes when it was opened and now has {length}"
            : modifiedNanos != f.ModifiedNanos ? "was modified after it was opened"
            : null;
    }

    /// <inheritdoc/>
    public int Read(int file, long offset, nint destination, int length)
    {
        if (offset < 0 || length < 0 || offset % ExtentWindow.Alignment != 0 || destination % ExtentWindow.Alignment != 0 || length % ExtentWindow.Alignment != 0)
        {
            throw new ArgumentException($"Offset {offset}, address 0x{destination:x} and length {length} must be multiples of {ExtentWindow.Alignment}.");
        }

        OpenFile f = _files[file];
        if (OperatingSystem.IsWindows())
        {
            return ReadWindows(file, offset, destination, length);
        }

        int count = NativeFile.Read(f.Handle, destination, length, offset, out int errno);
        if (!f.IsDirect)
        {
            NativeFile.Advise(f.Handle, offset, length, NativeFile.AdviseDontNeed);
        }

        return count >= 0 ? count : throw Failed(_paths[file], offset, length, errno);
    }

    /// <summary>Closes the files; a read still running keeps its file open until it ends.</summary>
    public void Dispose()
    {
        foreach (OpenFile file in _files)
        {
            file.Handle.Dispose();
        }
    }

    private static OpenFile OpenUnix(string path, nint block, ref string? reason)
    {
        SafeFileHandle? handle = NativeFile.Open(path, direct: true, out int errno);
        if (handle is null && !Errno.RefusesDirect(errno))
        {
            throw Failed(path, 0, 0, errno);
        }

        if (handle is not null)
        {
            OpenFile file = Examine(path, handle, isDirect: true);
            if (OperatingSystem.IsMacOS())
            {
                if (NativeFile.SetNoCache(handle))
                {
                    return file;
                }

                errno = Marshal.GetLastPInvokeError();
            }
            else if (NativeFile.Read(handle, block, ExtentWindow.Alignment, 0, out errno) >= 0)
            {
                return file;
            }

            handle.Dispose();
            if (!Errno.RefusesDirect(errno))
            {
                throw Failed(path, 0, ExtentWindow.Alignment, errno);
            }
        }

        reason = $"{path}: direct reads are not supported here ({Marshal.GetPInvokeErrorMessage(errno)}, errno {errno})";
        return OpenBuffered(path);
    }

    private static OpenFile OpenBuffered(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return Examine(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess), isDirect: false);
        }

        SafeFileHandle handle = NativeFile.Open(path, direct: false, out int errno) ?? throw Failed(path, 0, 0, errno);
        OpenFile file = Examine(path, handle, isDirect: false);
        NativeFile.Advise(handle, 0, 0, NativeFile.AdviseRandom); // no read-ahead into the page cache
        return file;
    }

    private static OpenFile OpenWindows(string path, ref string? reason)
    {
        const FileShare share = FileShare.Read | FileShare.Delete;
        try
        {
            return Examine(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, share, NoBuffering | FileOptions.RandomAccess), isDirect: true);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or FlashReadException))
        {
            reason = $"{path}: unbuffered reads are not supported here ({e.Message})";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new FlashReadException(path, 0, 0, e.HResult & 0xFFFF, e.Message);
        }

        return OpenBuffered(path);
    }

    private static OpenFile Examine(string path, SafeFileHandle handle, bool isDirect)
    {
        if (NativeFile.TryStat(handle, out long length, out long modifiedNanos))
        {
            return new OpenFile(handle, length, modifiedNanos, isDirect);
        }

        handle.Dispose();
        throw new FlashReadException(path, 0, 0, 0, "it is not a regular file");
    }

    private static FlashReadException Failed(string path, long offset, long length, int errno) =>
        new(path, offset, length, errno, Marshal.GetPInvokeErrorMessage(errno));

    private int ReadWindows(int file, long offset, nint destination, int length)
    {
        try
        {
            return RandomAccess.Read(_files[file].Handle, new Span<byte>((void*)destination, length), offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlashReadException(_paths[file], offset, length, e.HResult & 0xFFFF, e.Message);
        }
    }

    private sealed record OpenFile(SafeFileHandle Handle, long Length, long ModifiedNanos, bool IsDirect);
}
