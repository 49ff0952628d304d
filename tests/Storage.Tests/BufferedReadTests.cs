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
        using (FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite))
        {
            stream.Flush(flushToDisk: true); // dirty pages cannot be dropped
        }

        using FlashDevice device = FlashDevice.Open([path], buffered: true);
        Assert.False(device.IsDirect);
        Assert.Contains("buffered", device.FallbackReason);
        using AlignedBuffer buffer = AlignedBuffer.Allocate(512 * 1024, "test");
        using FlashReader reader = new(device, 1);
        for (long at = 0; at < content.Length; at += 300_000)
        {
            int length = (int)Math.Min(300_000, content.Length - at);
            reader.ReadNow(new Extent(0, at, length), buffer.Address, out nint payload);
            Assert.True(buffer.Bytes(payload - buffer.Address, length).SequenceEqual(content.AsSpan((int)at, length)));
        }

        if (new DriveInfo(files.Root).DriveFormat is "ext4" or "xfs" && CachedPages(path) is { } pages)
        {
            Assert.InRange(pages, 0, 256); // of 2,049; a page that two reads share may stay
        }
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

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint file, ulong* range, ulong* statistics, nint flags);
}
