using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Storage.Tests.Fakes;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class ReadPriorityTests
{
    [Fact]
    public async Task Submit_Urgent_OvertakesEverythingQueued()
    {
        using GatedDevice device = new();
        using FlashReader reader = new(device, 1);
        using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(8 * 4096);
        RecordingCompletion completion = new();
        for (int i = 0; i < 8; i++)
        {
            Submit(reader, slots, i, completion, urgent: i >= 5);
            await device.Started.WaitAsync(i == 0 ? TimeSpan.FromSeconds(20) : TimeSpan.Zero, TestContext.Current.CancellationToken);
        }

        device.Open(8);
        await reader.DrainAsync();
        Assert.Equal([0L, 5, 6, 7, 1, 2, 3, 4], completion.Calls.Select(c => c.Tag));
    }

    [Fact]
    public async Task Promote_OfQueuedRequests_PutsThemInFrontAndWithdrawTakesThemOut()
    {
        using GatedDevice device = new();
        using FlashReader reader = new(device, 1);
        using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(8 * 4096);
        RecordingCompletion completion = new(), other = new();
        for (int i = 0; i < 8; i++)
        {
            Submit(reader, slots, i, i == 6 ? other : completion, urgent: false);
            await device.Started.WaitAsync(i == 0 ? TimeSpan.FromSeconds(20) : TimeSpan.Zero, TestContext.Current.CancellationToken);
        }

        reader.Promote(completion, 4);
        Assert.Equal(1, reader.Withdraw(completion, 2));
        Assert.Equal(0, reader.Withdraw(completion, 2));
        Assert.Equal(0, reader.Withdraw(completion, 0)); // it has started
        Assert.Equal(0, reader.Withdraw(completion, 4)); // it is urgent
        Assert.Equal(0, reader.Withdraw(completion, 6)); // it is another's
        Assert.Equal(7, reader.InFlight);
        device.Open(7);
        await reader.DrainAsync();
        Assert.Equal([0L, 4, 1, 3, 5, 7], completion.Calls.Select(c => c.Tag));
        Assert.Equal([6L], other.Calls.Select(c => c.Tag));
    }

    [Fact]
    public async Task Submit_Ordinary_LeavesTheUrgentThreadsAlone()
    {
        using GatedDevice device = new();
        using FlashReader reader = new(device, 4, urgentThreads: 1);
        using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(16 * 4096);
        RecordingCompletion completion = new();
        for (int i = 0; i < 10; i++)
        {
            Submit(reader, slots, i, completion, urgent: false);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.True(await device.Started.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        }

        Assert.False(await device.Started.WaitAsync(TimeSpan.FromMilliseconds(30), TestContext.Current.CancellationToken));
        Submit(reader, slots, 10, completion, urgent: true);
        Assert.True(await device.Started.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        device.Open(11);
        await reader.DrainAsync();
        Assert.Equal(Enumerable.Range(0, 11).Select(i => (long)i), completion.Calls.Select(c => c.Tag).Order());
    }

    [Fact]
    public async Task Submit_OrdinaryBehindUrgentReads_OnlyFillsTheDevice()
    {
        using GatedDevice device = new();
        using FlashReader reader = new(device, 8, urgentThreads: 2);
        using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(16 * 4096);
        RecordingCompletion completion = new();
        Submit(reader, slots, 0, completion, urgent: true);
        Assert.True(await device.Started.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        for (int i = 1; i < 6; i++)
        {
            Submit(reader, slots, i, completion, urgent: false);
        }

        for (int i = 0; i < 2; i++)
        {
            Assert.True(await device.Started.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        }

        Assert.False(await device.Started.WaitAsync(TimeSpan.FromMilliseconds(30), TestContext.Current.CancellationToken));
        for (int i = 6; i < 9; i++)
        {
            Submit(reader, slots, i, completion, urgent: true); // these wait for nobody
            Assert.True(await device.Started.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        }

        device.Open(9);
        await reader.DrainAsync();
        Assert.Equal(Enumerable.Range(0, 9).Select(i => (long)i), completion.Calls.Select(c => c.Tag).Order());
    }

    [Fact]
    public void Dispose_WithReadsOfBothKindsQueued_CompletesEachOnce()
    {
        using GatedDevice device = new();
        using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(16 * 4096);
        RecordingCompletion completion = new();
        using (FlashReader reader = new(device, 3, urgentThreads: 2))
        {
            for (int i = 0; i < 12; i++)
            {
                Submit(reader, slots, i, completion, urgent: i % 3 == 0);
            }

            device.Open(12);
        }

        Assert.Equal(Enumerable.Range(0, 12).Select(i => (long)i), completion.Calls.Select(c => c.Tag).Order());
    }

    private static void Submit(FlashReader reader, AlignedBuffer slots, int i, RecordingCompletion completion, bool urgent) =>
        reader.Submit(new ReadRequest(new Extent(0, i * 4096L, 4096), slots.Address + (i * 4096), 4096, i, completion), urgent);

    /// <summary>Holds every read until it is let through.</summary>
    private sealed class GatedDevice : IFlashDevice
    {
        private readonly MemoryDevice _inner = new(TestFiles.Pattern(64 * 4096));
        private readonly SemaphoreSlim _gate = new(0);

        internal SemaphoreSlim Started { get; } = new(0);

        public bool IsDirect => true;

        public string? FallbackReason => null;

        public IReadOnlyList<string> Files => _inner.Files;

        public long FileLength(int file) => _inner.FileLength(file);

        public string? DescribeChange(int file) => null;

        public int Read(int file, long offset, nint destination, int length)
        {
            Started.Release();
            _gate.Wait(TimeSpan.FromSeconds(60));
            return _inner.Read(file, offset, destination, length);
        }

        public void Dispose() => _gate.Dispose();

        internal void Open(int reads) => _gate.Release(reads);
    }
}
