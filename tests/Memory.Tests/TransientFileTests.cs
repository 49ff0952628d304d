using LayerStream.Storage.Tests;
using Xunit;

namespace LayerStream.Memory.Tests;

public sealed class TransientFileTests : IDisposable
{
    private const int Length = 9 << 20;
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Write_LongFile_CachesNoMoreThanItsRoom()
    {
        PageCacheProbe.SkipUnlessPagesCanBeDropped(_files.Root);
        string path = Path.Combine(_files.Root, "written");
        byte[] bytes = TestFiles.Pattern(Length);
        long most = 0;
        using (TransientFile file = TransientFile.Create(path))
        {
            for (int at = 0; at < Length; at += 300_000)
            {
                file.Write(bytes.AsSpan(at, Math.Min(300_000, Length - at)));
                most = Math.Max(most, PageCacheProbe.CachedBytes(path));
            }
        }

        Assert.InRange(most, 0, TransientFile.RoomBytes);
        Assert.Equal(0, PageCacheProbe.CachedBytes(path));
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void Read_LongFile_CachesNoMoreThanItsRoom()
    {
        PageCacheProbe.SkipUnlessPagesCanBeDropped(_files.Root);
        byte[] bytes = TestFiles.Pattern(Length);
        string path = _files.Write("read", bytes);
        ProcessMemory.DropFileCache(path);
        byte[] read = new byte[Length];
        long most = 0;
        using (TransientFile file = TransientFile.OpenRead(path))
        {
            for (int at = 0; at < Length;)
            {
                int count = file.Read(read.AsSpan(at, Math.Min(10_000, Length - at)));
                Assert.NotEqual(0, count);
                at += count;
                most = at % 7 == 0 ? Math.Max(most, PageCacheProbe.CachedBytes(path)) : most;
            }
        }

        Assert.InRange(most, 0, TransientFile.RoomBytes);
        Assert.Equal(0, PageCacheProbe.CachedBytes(path));
        Assert.Equal(bytes, read);
    }

    [Fact]
    public void Create_NothingWritten_LeavesTheDiskAsItWas()
    {
        string old = _files.Write("old", [1, 2, 3]), fresh = Path.Combine(_files.Root, "fresh");
        TransientFile.Create(old).Dispose();
        TransientFile.Create(fresh).Dispose();
        Assert.Equal([1, 2, 3], File.ReadAllBytes(old));
        Assert.False(File.Exists(fresh));
    }

    [Fact]
    public void Write_OverALongerFile_LeavesNothingOfIt()
    {
        string old = _files.Write("old", new byte[100]);
        using (TransientFile file = TransientFile.Create(old))
        {
            file.Write([7]);
        }

        Assert.Equal([7], File.ReadAllBytes(old));
    }

    [Fact]
    public void Charge_OpenFile_HoldsItsRoomUntilItIsClosed()
    {
        BudgetAccount account = new("files being written", TransientFile.RoomBytes);
        using TransientFile file = TransientFile.Create(Path.Combine(_files.Root, "a"));
        file.Charge(account);
        file.Charge(account); // once is enough
        Assert.Equal(TransientFile.RoomBytes, account.UsedBytes);
        using (TransientFile other = TransientFile.Create(Path.Combine(_files.Root, "b")))
        {
            Assert.Throws<AccountOverdrawnException>(() => other.Charge(account));
        }

        file.Dispose();
        Assert.Equal(0, account.UsedBytes);
    }

    [Fact]
    public void Create_FolderThatIsNotThere_IsToldAtOnce() =>
        Assert.Throws<DirectoryNotFoundException>(() => TransientFile.Create(Path.Combine(_files.Root, "no", "such", "file")));
}
