using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>Ranges of a file that share their bytes on disk until one is written (Linux: FICLONERANGE, on xfs and btrfs).</summary>
public static partial class ExtentClone
{
    private const nuint CloneRange = 0x4020940D; // FICLONERANGE: _IOW(0x94, 13, struct file_clone_range)

    /// <summary>Makes a range share the bytes of another range of the same file.</summary>
    /// <param name="file">Open for reading and writing.</param>
    /// <param name="source">Offset of the bytes; as the two below a multiple of the file system's block, usually 4096.</param>
    /// <param name="destination">Offset of the range that is to have them; may lie behind the end.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="path">Path of the file, for the error.</param>
    /// <exception cref="IOException">The file system cannot: the message names it.</exception>
    public static void Share(SafeFileHandle file, long source, long destination, long length, string path)
    {
        int errno = OperatingSystem.IsLinux() ? TryShare(file, source, destination, length) : 0;
        if (!OperatingSystem.IsLinux() || errno != 0)
        {
            string reason = errno == 0 ? "this system has no FICLONERANGE" : $"{Marshal.GetPInvokeErrorMessage(errno)}, errno {errno}";
            throw new IOException($"Extents cannot be shared on {FileSystem(path)}, where {path} lies ({reason}). xfs (mkfs.xfs -m "
                + "reflink=1) and btrfs can; or write all layers.");
        }
    }

    /// <summary>Name of the file system a path lies on, such as ext4.</summary>
    public static string FileSystem(string path)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(path)).DriveFormat;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "this file system";
        }
    }

    private static int TryShare(SafeFileHandle file, long source, long destination, long length)
    {
        bool isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld);
            FileCloneRange range = new(file.DangerousGetHandle(), source, length, destination);
            while (Control(file, CloneRange, range) != 0)
            {
                if (Marshal.GetLastPInvokeError() is int errno and not Errno.Interrupted)
                {
                    return errno;
                }
            }

            return 0;
        }
        finally
        {
            if (isHeld)
            {
                file.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, in FileCloneRange range);

    /// <summary>struct file_clone_range: four 64-bit fields.</summary>
    private readonly record struct FileCloneRange(long SourceFile, long SourceOffset, long SourceLength, long DestinationOffset);
}
