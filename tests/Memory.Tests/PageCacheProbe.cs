using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace LayerStream.Memory.Tests;

/// <summary>How much of a file the page cache holds, by a mapping that is never touched (Linux).</summary>
internal static partial class PageCacheProbe
{
    private const int PageBytes = 4096, ProtectRead = 1, MapShared = 1;

    /// <summary>Bytes of the file that are cached now.</summary>
    internal static long CachedBytes(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        long length = RandomAccess.GetLength(file);
        if (length == 0)
        {
            return 0;
        }

        nint address = Map(0, (nuint)length, ProtectRead, MapShared, file, 0);
        Assert.NotEqual(-1, address);
        byte[] pages = new byte[(length + PageBytes - 1) / PageBytes];
        int failed = Residency(address, (nuint)length, pages);
        _ = Unmap(address, (nuint)length);
        Assert.Equal(0, failed);
        return pages.Count(p => (p & 1) != 0) * (long)PageBytes;
    }

    /// <summary>Skips a test where the system keeps pages whatever it is told, as in memory file systems.</summary>
    internal static void SkipUnlessPagesCanBeDropped(string folder)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux drops pages");
        string path = Path.Combine(folder, "probe");
        File.WriteAllBytes(path, new byte[1 << 20]);
        bool isCached = CachedBytes(path) > 0;
        ProcessMemory.DropFileCache(path);
        Assert.SkipUnless(isCached && CachedBytes(path) == 0, "this file system keeps its pages");
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int Residency(nint address, nuint length, [Out] byte[] pages);
}
