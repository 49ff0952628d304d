using LayerStream.Storage.Tests;
using Xunit;

namespace LayerStream.Memory.Tests;

// Resident memory is a figure of the whole process: tests that measure or move it run one after another.
[Collection("resident memory")]
public sealed class ProcessMemoryTests
{
    [Fact]
    public void PeakResidentBytes_AfterTouchingMemory_Covers()
    {
        long before = ProcessMemory.ResidentBytes();
        Assert.True(before > 1 << 20);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(64 << 20);
        buffer.Bytes(0, 64 << 20).Fill(1);
        Assert.True(ProcessMemory.ResidentBytes() >= 64 << 20);
        Assert.True(ProcessMemory.PeakResidentBytes() >= 64 << 20);
    }

    [Fact]
    public void DropFileCache_AnyPath_DoesNotThrow()
    {
        using TestFiles files = new();
        ProcessMemory.DropFileCache(files.Write("a", TestFiles.Pattern(100_000)));
        ProcessMemory.DropFileCache(Path.Combine(files.Root, "missing"));
        ProcessMemory.DropFileCache(files.Root);
    }
}
