using System.Diagnostics;
using LayerStream.Formats;
using LayerStream.Memory;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class FlashDeviceTests
{
    [Fact]
    public void Open_OnDiskFileSystem_IsDirect()
    {
        using TestFiles files = new();
        string path = files.Write("a", TestFiles.Pattern(10_000));
        using FlashDevice device = FlashDevice.Open([path]);
        Assert.Equal(device.IsDirect, device.FallbackReason is null);
        Assert.Equal(10_000, device.FileLength(0));
        Assert.Equal([path], device.Files);
        string format = new DriveInfo(files.Root).DriveFormat;
        if (format is "ext4" or "ext3" or "ext2" or "xfs" or "btrfs" or "NTFS" or "apfs")
        {
            Assert.True(device.IsDirect, device.FallbackReason);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("/dev/shm")]
    public void Read_EveryTailLength_DeliversTheFile(string? parent)
    {
        if (parent is not null && !Directory.Exists(parent))
        {
            return;
        }

        using TestFiles files = new(parent);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(16384);
        byte[] content = TestFiles.Pattern(12288);
        string path = files.Write("a", content);
        for (int tail = 4095; tail >= 1; tail--)
        {
            int length = 8192 + tail;
            using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
            {
                stream.SetLength(length);
            }

            using FlashDevice device = FlashDevice.Open([path]);
            using FlashReader? reader = tail % 512 == 7 ? new FlashReader(device, 1) : null;
            if (reader is not null)
            {
                reader.ReadNow(new Extent(0, 4100, length - 4100), buffer.Address, out nint payload);
                Assert.Equal(buffer.Address + 4, payload);
                Assert.True(buffer.Bytes(4, length - 4100).SequenceEqual(content.AsSpan(4100, length - 4100)));
            }

            Assert.Equal(length, device.FileLength(0));
            Assert.Equal(tail, device.Read(0, 8192, buffer.Address, 8192));
            Assert.True(buffer.Bytes(0, tail).SequenceEqual(content.AsSpan(8192, tail)));
            Assert.Equal(0, device.Read(0, 12288, buffer.Address, 4096));
        }
    }

    [Fact]
    public void Open_NotThere_NamesFileAndErrno()
    {
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("n"));
        FlashReadException e = Assert.Throws<FlashReadException>(() => FlashDevice.Open([path]));
        Assert.Equal(2, e.Errno);
        Assert.Contains(path, e.Message);
    }

    [Fact]
    public void Open_NotARegularFile_IsRefused()
    {
        using TestFiles files = new();
        Assert.Throws<FlashReadException>(() => FlashDevice.Open([files.Root]));
        if (OperatingSystem.IsLinux())
        {
            Assert.Throws<FlashReadException>(() => FlashDevice.Open(["/dev/zero"]));
            string pipe = Path.Combine(files.Root, "pipe");
            using Process make = Process.Start("mkfifo", pipe);
            make.WaitForExit();
            FlashReadException e = Assert.Throws<FlashReadException>(() => FlashDevice.Open([pipe]));
            Assert.Contains("regular file", e.Message);
        }
    }

    [Fact]
    public void Open_EmptyFile_ReadsNothing()
    {
        using TestFiles files = new();
        using FlashDevice device = FlashDevice.Open([files.Write("empty", [])]);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        Assert.Equal(0, device.Read(0, 0, buffer.Address, 4096));
    }

    [Fact]
    public void Open_ProcFile_FallsBackAndSaysWhy()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // procfs files are regular, and open() refuses O_DIRECT on them.
        using FlashDevice device = FlashDevice.Open(["/proc/self/status"]);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        Assert.False(device.IsDirect);
        Assert.Contains("/proc/self/status", device.FallbackReason);
        int count = device.Read(0, 0, buffer.Address, 4096);
        Assert.StartsWith("Name:", System.Text.Encoding.ASCII.GetString(buffer.Bytes(0, count)));
    }

    [Theory]
    [InlineData(1, 0, 4096)]
    [InlineData(0, 8, 4096)]
    [InlineData(0, 0, 4095)]
    [InlineData(-4096, 0, 4096)]
    public void Read_Unaligned_Throws(long offset, int addressOffset, int length)
    {
        using TestFiles files = new();
        using FlashDevice device = FlashDevice.Open([files.Write("a", TestFiles.Pattern(8192))]);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        Assert.Throws<ArgumentException>(() => device.Read(0, offset, buffer.Address + addressOffset, length));
    }

    [Fact]
    public void Read_UnmappedDestination_ReportsErrno()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using TestFiles files = new();
        using FlashDevice device = FlashDevice.Open([files.Write("a", TestFiles.Pattern(8192))]);
        FlashReadException e = Assert.Throws<FlashReadException>(() => device.Read(0, 4096, 4096, 4096));
        Assert.Equal(14, e.Errno); // EFAULT
        Assert.Equal(4096, e.Offset);
    }

    [Fact]
    public void Read_FileRenamedOverOrUnlinked_KeepsServingTheOldBytes()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using TestFiles files = new();
        byte[] old = TestFiles.Pattern(8192);
        string path = files.Write("a", old);
        using FlashDevice device = FlashDevice.Open([path]);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        File.Move(files.Write("b", TestFiles.Pattern(4096, seed: 8)), path, overwrite: true);
        Assert.Equal(8192, device.Read(0, 0, buffer.Address, 8192));
        Assert.True(buffer.Bytes(0, 8192).SequenceEqual(old));
        Assert.Null(device.DescribeChange(0));
        File.Delete(path);
        Assert.Equal(8192, device.Read(0, 0, buffer.Address, 8192));
        Assert.True(buffer.Bytes(0, 8192).SequenceEqual(old));
    }

    [Fact]
    public void DescribeChange_FileChangedInPlace_SaysSo()
    {
        using TestFiles files = new();
        string path = files.Write("a", TestFiles.Pattern(8192));
        using FlashDevice device = FlashDevice.Open([path]);
        Assert.Null(device.DescribeChange(0));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(10));
        Assert.Contains("modified", device.DescribeChange(0));
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(4096);
        }

        Assert.Contains("4096", device.DescribeChange(0));
    }

    [Fact]
    public void Reader_FileTruncatedUnderUs_FailsAndNeverCompletes()
    {
        using TestFiles files = new();
        string path = files.Write("a", TestFiles.Pattern(64 * 1024));
        using FlashDevice device = FlashDevice.Open([path]);
        using FlashReader reader = new(device, 2);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(64 * 1024);
        reader.ReadNow(new Extent(0, 32, 60_000), buffer.Address, out _);
        foreach (int length in (int[])[50_000, 4096, 1, 0])
        {
            using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
            {
                stream.SetLength(length);
            }

            FlashReadException e = Assert.Throws<FlashReadException>(() =>
                reader.ReadNow(new Extent(0, 32, 60_000), buffer.Address, out _));
            Assert.Contains("short read", e.Message);
            Assert.Equal((32L, 60_000L, 0), (e.Offset, e.Length, e.Errno));
        }
    }
}
