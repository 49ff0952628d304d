using System.Runtime.InteropServices;

namespace LayerStream.Storage.Tests.Fakes;

/// <summary>Pages of files in the page cache (Linux 6.5 and later).</summary>
internal static unsafe partial class CachedPages
{
    private const int CacheStatSystemCall = 451; // the same number on every processor

    /// <summary>Writes a file out and drops what writing left in the page cache; false where that cannot be told or done.</summary>
    internal static bool Drop(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        file.Flush(flushToDisk: true); // dirty pages cannot be dropped
        return OperatingSystem.IsLinux() && Advise((int)file.SafeFileHandle.DangerousGetHandle(), 0, 0, 4) == 0 && Of(path) == 0;
    }

    /// <summary>Pages of a file; null where the kernel does not tell.</summary>
    internal static long? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        ulong* range = stackalloc ulong[2];
        ulong* statistics = stackalloc ulong[8];
        (range[0], range[1]) = (0, 0); // length 0: to the end
        return SystemCall(CacheStatSystemCall, (int)file.SafeFileHandle.DangerousGetHandle(), range, statistics, 0) == 0
            ? (long)statistics[0] : null;
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint file, ulong* range, ulong* statistics, nint flags);
}
