using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Memory;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed unsafe partial class BufferedReadTests
{
    private const int CacheStatSystemCall = 451; // Linux 6.5 and later, the same number on every processor

    [Fact]
    public void Read_Buffered_GivesTheSameBytesSaysSoAndLeavesNoPagesCached()
    {
        using TestFiles files = new();
        byte[] content = TestFiles.Pattern((8 << 20) + 123);
        string path = files.Write("a", content);
        bool isEmpty = DropPages(path);

        using FlashDevice device = FlashDevice.Open([path], buffered: true);
        Assert.False(device.IsDirect);
        Assert.Contains("buffered", device.FallbackReason);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(512 * 1024);
        using FlashReader reader = new(device, 1);
        for (long at = 0; at < content.Length; at += 300_000)
        {
            int length = (int)Math.Min(300_000, content.Length - at);
            reader.ReadNow(new Extent(0, at, length), buffer.Address, out nint payload);
            Assert.True(buffer.Bytes(payload - buffer.Address, length).SequenceEqual(content.AsSpan((int)at, length)));
        }

        if (new DriveInfo(files.Root).DriveFormat is "ext4" or "xfs" && isEmpty && CachedPages(path) is { } pages)
        {
            Assert.InRange(pages, 0, 64); // of 2,049: what these reads brought in is gone again
        }
    }

    /// <summary>Writes the file out and drops what writing left in the page cache; false where that cannot be told or done.</summary>
    private static bool DropPages(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        file.Flush(flushToDisk: true); // dirty pages cannot be dropped
        return OperatingSystem.IsLinux() && Advise((int)file.SafeFileHandle.DangerousGetHandle(), 0, 0, 4) == 0 && CachedPages(path) == 0;
    }

    /// <summary>Pages of a file in the page cache; null where the kernel does not tell.</summary>
    private static long? CachedPages(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        ulong* range = stackalloc ulong[2];
        ulong* statistics = stackalloc ulong[8];
        (range[0], range[1]) = (0, 0); // length 0: to the end
        return SystemCall(CacheStatSystemCall, (int)file.SafeFileHandle.DangerousGetHandle(), range, statistics, 0) == 0 ? (long)statistics[0] : null;
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint file, ulong* range, ulong* statistics, nint flags);
}
