using LayerStream.Memory;
using LayerStream.Storage.Writing;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class DirectOutputTests : IDisposable
{
    private const int Block = 4096;
    private readonly string _folder = Directory.CreateTempSubdirectory("output-").FullName;
    private readonly AlignedBuffer _buffer = new BudgetAccount("test", 4 * Block).Allocate(4 * Block);

    private string Path => System.IO.Path.Combine(_folder, "file");

    public void Dispose()
    {
        _buffer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData((3 * Block) - 1)]
    public void Write_BlocksInAnyOrder_MakesTheFileOfItsLength(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using (DirectOutput output = DirectOutput.Open(Path, length))
        {
            for (int at = (length - 1) / Block * Block; at >= 0; at -= Block)
            {
                int part = Math.Min(Block, length - at);
                bytes.AsSpan(at, part).CopyTo(_buffer.Bytes(Block, part));
                output.Write(_buffer, Block, part, at);
            }

            output.Sync();
        }

        Assert.Equal(bytes, File.ReadAllBytes(Path));
    }

    [Fact]
    public void Open_FileThatIsThere_KeepsWhatItHolds()
    {
        File.WriteAllBytes(Path, [.. Enumerable.Repeat((byte)7, 2 * Block)]);
        using (DirectOutput output = DirectOutput.Open(Path, (2 * Block) + 5))
        {
            _buffer.Bytes(0, Block).Fill(9);
            output.Write(_buffer, 0, Block, Block);
        }

        byte[] read = File.ReadAllBytes(Path);
        Assert.Equal((7, 9, 0, (2 * Block) + 5), (read[Block - 1], read[Block], read[^1], read.Length));
    }

    [Fact]
    public void Open_FileThatIsBeingWritten_IsRefused()
    {
        using DirectOutput first = DirectOutput.Open(Path, Block);
        Assert.ThrowsAny<IOException>(() => DirectOutput.Open(Path, Block));
    }

    [Theory]
    [InlineData(1, Block, 0)]
    [InlineData(0, Block, 1)]
    [InlineData(0, 5, 0)]
    [InlineData(0, 2 * Block, 2 * Block)]
    public void Write_ThatIsNotAligned_IsAProgrammersError(long at, int length, long offset)
    {
        using DirectOutput output = DirectOutput.Open(Path, 3 * Block);
        Assert.Throws<ArgumentException>(() => output.Write(_buffer, at, length, offset));
    }

    [Fact]
    public void Memory_OfABuffer_IsTheBufferItself()
    {
        using AlignedMemory memory = new(_buffer);
        memory.Memory.Span[5] = 42;
        Assert.Equal(42, _buffer.Bytes(5, 1)[0]);
        Assert.Equal(4 * Block, memory.Memory.Length);
        using System.Buffers.MemoryHandle handle = memory.Memory[8..].Pin();
    }
}
