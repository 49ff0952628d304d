using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Storage.Tests.Fakes;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class BufferedReadTests
{
    private const int PieceBytes = 3 << 20;

    [Fact]
    public void Read_Buffered_GivesTheSameBytesSaysSoAndLeavesNoPagesCached()
    {
        using TestFiles files = new();
        byte[] content = TestFiles.Pattern((8 << 20) + 123);
        string path = files.Write("a", content);
        bool isEmpty = CachedPages.Drop(path);
        using FlashDevice device = FlashDevice.Open([path], buffered: true);
        Assert.False(device.IsDirect);
        Assert.Contains("buffered", device.FallbackReason);
        ReadAll(device, content, 300_000);
        if (new DriveInfo(files.Root).DriveFormat is "ext4" or "xfs" && isEmpty && CachedPages.Of(path) is { } pages)
        {
            Assert.InRange(pages, 0, 64); // of 2,049: what these reads brought in is gone again
        }
    }

    [Theory]
    [InlineData("ext4", "", true)]
    [InlineData("ext4", "data=journal", false)]
    [InlineData("btrfs", "", true)]
    [InlineData("btrfs", "compress-force=zstd", false)]
    [InlineData("xfs", "", true)]
    [InlineData("overlay", "", true)]
    [InlineData("overlay", "data=journal", false)]
    public void Read_OnAFileSystem_IsDirectOrSaysSoAndLeavesNoPagesCached(string kind, string options, bool isDirect)
    {
        using LoopFileSystem system = new(kind, options);
        string path = Path.Combine(system.Root, "a");
        byte[] content = Compressible((8 << 20) + 123);
        File.WriteAllBytes(path, content);
        Assert.SkipUnless(CachedPages.Drop(path), "this kernel does not tell what its page cache holds");
        using FlashDevice device = FlashDevice.Open([path]);
        Assert.Equal(isDirect, device.IsDirect);
        Assert.True(isDirect || device.FallbackReason!.Contains("page cache", StringComparison.Ordinal), device.FallbackReason);
        long most = ReadAll(device, content, PieceBytes, () => CachedPages.Of(path)!.Value);
        Assert.InRange(most, 0, 64); // of 2,049
    }

    [Fact]
    public void Read_OnTmpfs_DeliversTheFile()
    {
        using LoopFileSystem system = new("tmpfs", "");
        string path = Path.Combine(system.Root, "a");
        byte[] content = Compressible((8 << 20) + 123);
        File.WriteAllBytes(path, content);
        using FlashDevice device = FlashDevice.Open([path]);
        ReadAll(device, content, PieceBytes);
    }

    [Fact]
    public void Read_RefusedAfterADirectOpen_FallsBackAtThatMomentAndTellsOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "direct reads are refused at an address only on Linux");
        using TestFiles files = new();
        byte[] content = TestFiles.Pattern(64 << 10);
        string path = files.Write("a", content);
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = NativeFile.Open(path, out _)!;
        using OpenFile file = OpenFile.Of(path, handle);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(64 << 10);
        file.BypassCache(buffer.Address);
        Assert.SkipUnless(file.FallbackReason is null, $"no direct reads here: {file.FallbackReason}");
        // What the file systems of the report do by themselves: a direct read at an offset that is no multiple of a sector gets EINVAL.
        Assert.Equal(1000, file.Read(1, buffer.Address, 1000, out int errno));
        Assert.Equal(0, errno);
        Assert.True(buffer.Bytes(0, 1000).SequenceEqual(content.AsSpan(1, 1000)));
        Assert.Contains("errno 22", file.FallbackReason);
        Assert.Equal(4096, file.Read(4096, buffer.Address, 4096, out _));
        Assert.True(buffer.Bytes(0, 4096).SequenceEqual(content.AsSpan(4096, 4096)));
    }

    [Fact]
    public void TryStat_WithoutStatx_SaysTheSameToATenthOfAMicrosecond()
    {
        using TestFiles files = new();
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(files.Write("a", TestFiles.Pattern(12345)));
        Assert.True(NativeFile.TryStat(handle, out long length, out long modified));
        Assert.True(NativeFile.TryStatPlain(handle, out long plainLength, out long plainModified));
        Assert.Equal((12345L, 12345L), (length, plainLength));
        Assert.InRange(modified - plainModified, 0, 99);
    }

    /// <summary>Reads a file in order and compares; gives the largest of what is asked after each read.</summary>
    private static long ReadAll(FlashDevice device, byte[] content, int pieceBytes, Func<long>? ask = null)
    {
        long most = 0;
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(ExtentWindow.MostBytes(pieceBytes));
        using FlashReader reader = new(device, 1);
        for (long at = 0; at < content.Length; at += pieceBytes)
        {
            int length = (int)Math.Min(pieceBytes, content.Length - at);
            reader.ReadNow(new Extent(0, at, length), buffer.Address, out nint payload);
            Assert.True(buffer.Bytes(payload - buffer.Address, length).SequenceEqual(content.AsSpan((int)at, length)));
            most = Math.Max(most, ask?.Invoke() ?? 0);
        }

        return most;
    }

    private static byte[] Compressible(int length)
    {
        byte[] bytes = TestFiles.Pattern(length);
        for (int i = 0; i < length; i += 4)
        {
            bytes.AsSpan(i, Math.Min(3, length - i)).Clear();
        }

        return bytes;
    }
}
