using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Storage.Tests.Fakes;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class FlashReaderTests
{
    private const int SlotBytes = 64 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Submit_StressOf2000WithDelaysAndShortReads_EveryPayloadIsRight()
    {
        byte[][] contents = [TestFiles.Pattern(1_000_003), TestFiles.Pattern(777_777, seed: 9)];
        using FaultyDevice device = new(new MemoryDevice(contents),
            new FaultPlan { Seed = 5, ShortReadChance = 0.3, MaxDelay = TimeSpan.FromMilliseconds(0.2) });
        await Stress(device, contents, requests: 2000, slots: 16, threads: 6);
    }

    [Fact]
    public async Task Submit_StressOf2000OnRealFiles_EveryPayloadIsRight()
    {
        using TestFiles files = new();
        byte[][] contents = [TestFiles.Pattern(3_000_001), TestFiles.Pattern(500_123, seed: 9)];
        using FlashDevice device = FlashDevice.Open([files.Write("a", contents[0]), files.Write("b", contents[1])]);
        await Stress(device, contents, requests: 2000, slots: 8, threads: 4);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(4)]
    public async Task Submit_TransientErrorAtEveryRead_IsInvisible(int errno)
    {
        byte[] content = TestFiles.Pattern(200_000);
        for (int n = 1; n <= 20; n++)
        {
            using FaultyDevice device = new(new MemoryDevice(content), new FaultPlan { FailAtRead = n, FailCount = 2, Errno = errno });
            await Stress(device, [content], requests: 20, slots: 3, threads: 3, mayShareFailures: true);
            Assert.InRange(device.Failures, 1, 2);
        }
    }

    [Fact]
    public async Task Submit_PersistentErrorAtEveryRead_FailsThatPlaceOnly()
    {
        byte[] content = TestFiles.Pattern(40 * 4096);
        for (int n = 1; n <= 40; n++)
        {
            using FaultyDevice device = new(new MemoryDevice(content), new FaultPlan { FailAtRead = n, FailCount = int.MaxValue });
            using FlashReader reader = new(device, 3);
            using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(40 * 4096);
            slots.Bytes(0, 40 * 4096).Fill(0xCC);
            RecordingCompletion completion = new();
            for (int i = 0; i < 40; i++)
            {
                reader.Submit(new ReadRequest(new Extent(0, (i * 4096) + 32, 4000), slots.Address + (i * 4096), 4096, i, completion));
            }

            await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
            (long tag, nint payload, FlashReadException? error, _, _, _) = Assert.Single(completion.Calls,
                c => c.Error is not null);
            Assert.Equal(0, payload);
            Assert.Equal((5, "memory-0", (tag * 4096) + 32, 4000L), (error!.Errno, error.File, error.Offset, error.Length));
            Assert.Equal(3, device.Failures); // the read and two more attempts
            foreach (var call in completion.Calls.Where(c => c.Error is null))
            {
                Assert.True(slots.Bytes((call.Tag * 4096) + 32, 4000).SequenceEqual(content.AsSpan(((int)call.Tag * 4096) + 32, 4000)));
            }

            device.Heal();
            reader.ReadNow(new Extent(0, error.Offset, error.Length), slots.Address, out _); // the next request is served
        }
    }

    [Theory]
    [InlineData(22)]
    [InlineData(9)]
    public void ReadNow_OtherError_IsNotRetried(int errno)
    {
        using FaultyDevice device = new(new MemoryDevice(TestFiles.Pattern(8192)),
            new FaultPlan { FailAtRead = 1, FailCount = int.MaxValue, Errno = errno });
        using FlashReader reader = new(device, 1);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        Assert.Equal(errno, Assert.Throws<FlashReadException>(() => reader.ReadNow(new Extent(0, 0, 8000), buffer.Address, out _)).Errno);
        Assert.Equal(1, device.Reads);
    }

    [Fact]
    public void ReadNow_EveryTailLength_CompletesWhenThePayloadIsCovered()
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(12288);
        byte[] whole = TestFiles.Pattern(8191);
        for (int tail = 1; tail < 4096; tail++)
        {
            byte[] content = whole[..(4096 + tail)];
            using FlashReader reader = new(new MemoryDevice(content), 1);
            reader.ReadNow(new Extent(0, 96, content.Length - 96), buffer.Address, out nint payload);
            Assert.Equal(buffer.Address + 96, payload);
            Assert.True(buffer.Bytes(96, content.Length - 96).SequenceEqual(content.AsSpan(96)));
            FlashReadException e = Assert.Throws<FlashReadException>(() =>
                reader.ReadNow(new Extent(0, 96, content.Length - 95), buffer.Address, out _));
            Assert.Contains("short read", e.Message);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadNow_OnlyShortReads_StillRight(bool aligned)
    {
        byte[] content = TestFiles.Pattern(100_001);
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(112 * 1024);
        for (int seed = 0; seed < 300; seed++)
        {
            FaultPlan plan = new() { Seed = seed, ShortReadChance = 0.9, ShortReadsAligned = aligned };
            using FlashReader reader = new(new FaultyDevice(new MemoryDevice(content), plan), 1);
            buffer.Bytes(0, (int)buffer.Length).Fill(0xAA);
            reader.ReadNow(new Extent(0, 4321, 95_000), buffer.Address, out nint payload);
            Assert.Equal(225, payload - buffer.Address);
            Assert.True(buffer.Bytes(225, 95_000).SequenceEqual(content.AsSpan(4321, 95_000)));
        }
    }

    [Fact]
    public void ReadNow_DeviceThatLiesOrThrows_IsAnErrorNotACompletion()
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        Func<int, int> broken = _ => throw new InvalidOperationException("broken");
        foreach (Func<int, int> behaviour in (Func<int, int>[])[n => n + 1, _ => -1, _ => 1, broken])
        {
            using FlashReader reader = new(new OddDevice(behaviour), 1);
            Assert.Throws<FlashReadException>(() => reader.ReadNow(new Extent(0, 0, 8000), buffer.Address, out _));
            Assert.Equal(0, reader.InFlight);
        }
    }

    [Fact]
    public async Task Dispose_WithReadsRunningAndQueued_CompletesEachOnceAndWaits()
    {
        FaultyDevice device = new(new MemoryDevice(TestFiles.Pattern(SlotBytes)),
            new FaultPlan { MaxDelay = TimeSpan.FromMilliseconds(20) });
        FlashReader reader = new(device, 2);
        using AlignedBuffer slots = new BudgetAccount("test", long.MaxValue).Allocate(100 * 4096);
        RecordingCompletion completion = new();
        for (int i = 0; i < 100; i++)
        {
            reader.Submit(new ReadRequest(new Extent(0, 0, 4096), slots.Address + (i * 4096), 4096, i, completion));
        }

        Task drained = reader.DrainAsync();
        reader.Dispose();
        await drained.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), completion.Calls.Select(c => c.Tag).Order());
        Assert.Contains(completion.Calls, c => c.Error is { Errno: 125, Reason: "the reader was closed" });
        Assert.Equal(0, reader.InFlight);
        ReadRequest late = new(new Extent(0, 0, 1), slots.Address, 4096, 0, completion);
        Assert.Throws<ObjectDisposedException>(() => reader.Submit(late));
        Assert.Equal(100, completion.Calls.Count);
        reader.Dispose();
    }

    [Fact]
    public async Task Submit_CompletionThatThrows_DoesNotEndTheReader()
    {
        List<string> faults = [];
        using FlashReader reader = new(new MemoryDevice(TestFiles.Pattern(4096)), 1) { CompletionFailed = e => faults.Add(e.Message) };
        using AlignedBuffer slot = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        RecordingCompletion completion = new((tag, _, _) =>
        {
            if (tag == 0)
            {
                throw new InvalidOperationException("bug");
            }
        });
        for (int i = 0; i < 2; i++)
        {
            reader.Submit(new ReadRequest(new Extent(0, 0, 4096), slot.Address, 4096, i, completion));
            await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        }

        Assert.Equal(2, completion.Calls.Count);
        Assert.Equal(["bug"], faults);
    }

    [Fact]
    public void Submit_WrongArguments_Throws()
    {
        using FlashReader reader = new(new MemoryDevice(TestFiles.Pattern(8192)), 1);
        using AlignedBuffer slot = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        RecordingCompletion completion = new();
        ReadRequest good = new(new Extent(0, 32, 4096), slot.Address, 8192, 0, completion);
        Assert.Throws<ArgumentNullException>(() => reader.Submit(good with { Completion = null! }));
        Assert.Throws<ArgumentException>(() => reader.Submit(good with { DestinationLength = 8191 }));
        Assert.Throws<ArgumentException>(() => reader.Submit(good with { Destination = slot.Address + 8 }));
        Assert.Throws<ArgumentException>(() => reader.Submit(good with { Destination = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Submit(good with { Extent = new Extent(1, 0, 1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Submit(good with { Extent = new Extent(0, -1, 1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Submit(good with { Extent = new Extent(0, 0, -1) }));
        Assert.Equal(0, reader.InFlight);
        Assert.Empty(completion.Calls);
    }

    [Fact]
    public async Task Submit_MoreThanTheQueueHolds_LosesNothingAndKeepsOrder()
    {
        using FlashReader reader = new(new MemoryDevice(TestFiles.Pattern(4096)), 1);
        using AlignedBuffer slot = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        RecordingCompletion completion = new();
        for (int i = 0; i < 5000; i++)
        {
            reader.Submit(new ReadRequest(new Extent(0, 0, 1), slot.Address, 4096, i, completion));
        }

        await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (long)i), completion.Calls.Select(c => c.Tag));
        Assert.All(completion.Calls, c => Assert.True(c.Submit <= c.Start && c.Start <= c.End));
    }

    [Fact]
    public async Task Submit_SteadyState_AllocatesNothing()
    {
        using TestFiles files = new();
        using FlashDevice device = FlashDevice.Open([files.Write("a", TestFiles.Pattern(SlotBytes))]);
        using FlashReader reader = new(device, 1); // one pool thread: its own counter sees no other test
        using AlignedBuffer slot = new BudgetAccount("test", long.MaxValue).Allocate(SlotBytes);
        using Countdown counter = new();
        long submitBytes = -1;
        for (int round = 0; round < 2; round++)
        {
            counter.Reset(500);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 500; i++)
            {
                reader.Submit(new ReadRequest(new Extent(0, 32, 4000), slot.Address, SlotBytes, i, counter));
            }

            submitBytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(counter.Done.WaitOne(TimeSpan.FromSeconds(20)));
        }

        Assert.Equal((0L, 0L), (submitBytes, counter.AllocatedBytes));
        await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(5), Cancel);
    }

    [Fact]
    public void Threads_OfThePool_AreBackgroundThreads()
    {
        using FlashReader reader = new(new MemoryDevice(TestFiles.Pattern(4096)), 1);
        using AlignedBuffer slot = new BudgetAccount("test", long.MaxValue).Allocate(4096);
        using ManualResetEvent done = new(false);
        (string? Name, bool Background) seen = default;
        RecordingCompletion completion = new((_, _, _) =>
        {
            seen = (Thread.CurrentThread.Name, Thread.CurrentThread.IsBackground);
            done.Set();
        });
        reader.Submit(new ReadRequest(new Extent(0, 0, 0), slot.Address, 0, 1, completion)); // an empty payload completes too
        Assert.True(done.WaitOne(TimeSpan.FromSeconds(5)));
        Assert.Equal(("layerstream-io-0", true), seen);
    }

    [Fact]
    public async Task Limit_ChangedWhileReadsAreQueued_BoundsThoseThatBegin()
    {
        int running = 0, most = 0;
        using Barrier all = new(6);
        bool isOpen = false;
        using OddDevice device = new(length =>
        {
            int now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (Volatile.Read(ref isOpen))
            {
                Assert.True(all.SignalAndWait(TimeSpan.FromSeconds(20), Cancel)); // only six together pass
            }
            else
            {
                Thread.Sleep(2);
            }

            Interlocked.Decrement(ref running);
            return length;
        });
        using FlashReader reader = new(device, 6, urgentThreads: 2);
        using AlignedBuffer slot = new BudgetAccount("test", long.MaxValue).Allocate(8192);
        RecordingCompletion completion = new();
        void Submit(int count, Func<int, bool> isUrgent)
        {
            for (int i = 0; i < count; i++)
            {
                reader.Submit(new ReadRequest(new Extent(0, 0, 4096), slot.Address, 8192, i, completion), isUrgent(i));
            }
        }

        reader.Limit(2, 1);
        Submit(30, i => i % 2 == 0);
        await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(2, most);
        Volatile.Write(ref isOpen, true);
        reader.Limit(6, 0);
        Submit(12, _ => true); // ordinary ones would leave room to urgent ones
        await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal((6, 42), (most, completion.Calls.Count(c => c.Error is null)));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Limit(7, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Limit(2, 2));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private static async Task Stress(IFlashDevice device, byte[][] contents, int requests, int slots, int threads,
        bool mayShareFailures = false)
    {
        Exception? fault = null;
        using FlashReader reader = new(device, threads) { CompletionFailed = e => Interlocked.CompareExchange(ref fault, e, null) };
        using AlignedBuffer arena = new BudgetAccount("test", long.MaxValue).Allocate((long)slots * SlotBytes);
        Extent[] extents = new Extent[slots];
        Random random = new(11);
        Lock gate = new();
        int submitted = 0, wrong = 0, completed = 0;
        RecordingCompletion completion = null!;

        void Next(long slot)
        {
            lock (gate)
            {
                if (submitted == requests)
                {
                    return;
                }

                submitted++;
                int file = random.Next(contents.Length);
                int length = random.Next(1, SlotBytes - 8192);
                int offset = random.Next(contents[file].Length - length + 1);
                extents[slot] = mayShareFailures ? new Extent(0, (submitted - 1) * 8192 % 196_608 / 8192 * 8192, 3000)
                    : new Extent(file, offset, length);
                reader.Submit(new ReadRequest(extents[slot], arena.Address + (nint)(slot * SlotBytes), SlotBytes, slot, completion));
            }
        }

        completion = new RecordingCompletion((slot, payload, error) =>
        {
            Extent extent = extents[slot];
            long at = payload - arena.Address;
            Span<byte> wanted = contents[extent.File].AsSpan((int)extent.Offset, (int)extent.Length);
            if (error is not null || !arena.Bytes(at, (int)extent.Length).SequenceEqual(wanted))
            {
                Interlocked.Increment(ref wrong);
            }

            Interlocked.Increment(ref completed);
            Next(slot);
        });
        for (int slot = 0; slot < slots; slot++)
        {
            Next(slot);
        }

        await reader.DrainAsync().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Null(fault);
        Assert.Equal((requests, 0), (completed, wrong));
        Assert.True(reader.BytesRead > 0);
        Assert.Equal(reader.BytesRead, reader.Activity.Bytes);
    }
}
