using Xunit;

namespace LayerStream.Memory.Tests;

// Resident memory is a figure of the whole process: tests that measure or move it run one after another.
[Collection("resident memory")]
public sealed class AlignedBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(10_000_000)]
    public void Allocate_AnyLength_IsAlignedZeroedAndWritable(int length)
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(length);
        Assert.Equal(0, buffer.Address % 4096);
        Assert.Equal(length, buffer.Length);
        Assert.Equal("test", buffer.Purpose);
        Assert.Equal(-1, buffer.Bytes(0, length).IndexOfAnyExcept((byte)0));
        buffer.Bytes(0, length).Fill(1);
        Assert.Equal(length / 4, buffer.Floats(0, length / 4).Length);
    }

    [Fact]
    public void Views_OutsideTheBuffer_Throw()
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(100);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Bytes(0, 101).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Bytes(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Bytes(long.MaxValue, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Floats(0, 26).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Floats(0, int.MaxValue).Length);
        Assert.Equal(0, buffer.Bytes(100, 0).Length);
    }

    [Fact]
    public void Dispose_Twice_GivesBackOnceAndAddressThrows()
    {
        AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(1 << 20);
        long allocations = AlignedBuffer.Allocations;
        buffer.Dispose();
        buffer.Dispose();
        Assert.True(AlignedBuffer.Allocations >= allocations);
        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
        Assert.Throws<ObjectDisposedException>(() => buffer.Bytes(0, 1).Length);
        Assert.True(AlignedBuffer.LiveBytes >= 0 && AlignedBuffer.LiveCount >= 0);
    }

    [Fact]
    public void Allocate_Impossible_NamesThePurpose()
    {
        Assert.Contains("weights arena",
            Assert.Throws<OutOfMemoryException>(() => new BudgetAccount("weights arena", long.MaxValue).Allocate(1L << 60)).Message);
        Assert.Throws<OutOfMemoryException>(() => new BudgetAccount("x", long.MaxValue).Allocate(long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BudgetAccount("x", long.MaxValue).Allocate(-1));
    }

    [Theory]
    [InlineData(2 << 20)]
    [InlineData((3 << 20) + 4096)]
    [InlineData((17 << 20) + 4096)]
    public void Allocate_WithHugePages_BeginsAtOneAndIsMappedToItsEnd(int length)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "huge pages are asked for on Linux");
        BudgetAccount account = new("test", 100 << 20);
        List<AlignedBuffer> buffers = [];
        for (int i = 0; i < 5; i++)
        {
            buffers.Add(account.Allocate(length, hugePages: true));
            Assert.Equal(0, buffers[i].Address % (2 << 20));
            buffers[i].Bytes(0, length).Fill(7);
        }

        buffers.ForEach(b => b.Dispose());
        Assert.Equal(0, account.UsedBytes);
    }

    [Fact]
    public async Task Take_OfABuffer_MakesItResidentAndLeavesItZero()
    {
        const int length = (96 << 20) + 4096;
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(length, hugePages: true);
        long before = ProcessMemory.ResidentBytes(), most = 0;
        Lock gate = new();
        await FirstUse.TakeAsync(
            buffer,
            done =>
            {
                lock (gate)
                {
                    most = Math.Max(most, done);
                }
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(length, most);
        Assert.True(ProcessMemory.ResidentBytes() - before > length * 9L / 10);
        Assert.Equal(-1, buffer.Bytes(0, length).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task Take_Cancelled_EndsWithoutAnErrorAndTakesNothing()
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(64 << 20);
        long most = 0;
        await FirstUse.TakeAsync(buffer, done => most = done, new CancellationToken(canceled: true));
        Assert.Equal(0, most);
        Assert.True(await FirstUse.MeasureBytesPerSecondAsync(new BudgetAccount("test", 8 << 20)) > 0);
    }

    [Fact]
    public void TryTake_OutsideTheBufferOrInsideAPage_Throws()
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.TryTake(4096, 4097));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.TryTake(100, 100));
    }
}
