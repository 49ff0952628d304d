using LayerStream.Memory;
using LayerStream.Storage.Blocks;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class BlockFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-blocks-").FullName;
    private readonly AlignedBuffer _staging =
        new BudgetAccount("test", BlockFileFormat.StagingBytes).Allocate(BlockFileFormat.StagingBytes);

    private string File1 => Path.Combine(_folder, "file");

    public void Dispose()
    {
        _staging.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 4096)]
    [InlineData(572, BlockFileFormat.BlockBytes)]
    [InlineData(60, (3 * BlockFileFormat.BlockBytes) + 77)]
    public void File_WrittenAndRead_IsTheSame(int description, int payload)
    {
        byte[] bytes = Bytes(payload, 1), said = Bytes(description, 2);
        Assert.True(Write(said, bytes));
        Assert.Equal([File1], Directory.GetFiles(_folder));
        using BlockFileReader file = BlockFileReader.Open(File1, _staging);
        Assert.Equal(said, file.Description.ToArray());
        Assert.Equal(bytes, Read(file));
    }

    [Fact]
    public void File_AnyByteChangedOrAnyLength_IsRefused()
    {
        byte[] bytes = Bytes(BlockFileFormat.BlockBytes + 5000, 3), said = Bytes(70, 4);
        Assert.True(Write(said, bytes));
        byte[] whole = File.ReadAllBytes(File1);
        Random random = new(5);
        for (int round = 0; round < 200; round++)
        {
            byte[] changed = [.. whole];
            int at = round < 160 ? round : random.Next(whole.Length);
            changed[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(File1, changed);
            Assert.Throws<BlockFileException>(() => ReadAll());
        }

        foreach (int length in new[] { 0, 1, 47, 4095, 4096, 4097, whole.Length - 1, whole.Length + 1 })
        {
            File.WriteAllBytes(File1, [.. whole.Take(length), .. new byte[Math.Max(0, length - whole.Length)]]);
            Assert.Throws<BlockFileException>(() => ReadAll());
        }

        File.WriteAllBytes(File1, whole);
        Assert.Equal(bytes, ReadAll());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void File_ReadAsThoseBesideIt_IsTheSame(bool isDirect)
    {
        byte[] bytes = Bytes((2 * BlockFileFormat.BlockBytes) + 9, 6), found = new byte[bytes.Length];
        Assert.True(Write([1, 2], bytes));
        using BlockFileReader file = BlockFileReader.Open(File1, _staging, isDirect);
        Assert.True(isDirect || !file.IsDirect);
        for (int block = file.Blocks - 1; block >= 0; block--)
        {
            file.Read(block, _staging, (offset, part) => part.CopyTo(found.AsSpan((int)offset)));
        }

        Assert.Equal(bytes, found);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(3, _staging, (_, _) => { }));
    }

    [Fact]
    public void File_GivenUpOrFailed_LeavesNothing()
    {
        int pieces = 0;
        Assert.False(BlockFileWriter.Write(File1, [], 2L * BlockFileFormat.BlockBytes, _staging, (_, _) => ++pieces < 2));
        Assert.Throws<InvalidOperationException>(() => BlockFileWriter.Write(File1, [], 5, _staging,
            (_, _) => throw new InvalidOperationException()));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private byte[] ReadAll()
    {
        using BlockFileReader file = BlockFileReader.Open(File1, _staging);
        return Read(file);
    }

    private byte[] Read(BlockFileReader file)
    {
        byte[] bytes = new byte[file.PayloadBytes];
        file.Read(_staging, (offset, block) => block.CopyTo(bytes.AsSpan((int)offset)));
        return bytes;
    }

    private bool Write(byte[] description, byte[] payload) => BlockFileWriter.Write(File1, description, payload.Length, _staging,
        (offset, block) =>
        {
            payload.AsSpan((int)offset, block.Length).CopyTo(block);
            return true;
        });

    private static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
