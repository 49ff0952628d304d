using System.Runtime.CompilerServices;
using LayerStream.Actors.Tracing;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceRingTests
{
    [Fact]
    public void TraceEvent_Size_IsForty()
    {
        Assert.Equal(40, Unsafe.SizeOf<TraceEvent>());
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<TraceEvent>());
        Assert.Equal(48_000, TraceRing.BytesFor(1000));
    }

    [Fact]
    public void Snapshot_BelowCapacity_ReturnsAllInOrder()
    {
        TraceRing ring = new(10);
        for (int i = 0; i < 7; i++)
        {
            ring.Add(TraceSample.Event(TraceKind.Load, i, i + 1));
        }
        Assert.Equal([0L, 1, 2, 3, 4, 5, 6], ring.Snapshot().Select(e => e.StartTicks));
        Assert.Equal(0, ring.Dropped);
    }

    [Fact]
    public void Add_BeyondCapacity_OverwritesOldestAndCounts()
    {
        TraceRing ring = new(10);
        for (int i = 0; i < 25; i++)
        {
            ring.Add(TraceSample.Event(TraceKind.Load, i, i + 1));
        }
        Assert.Equal(Enumerable.Range(15, 10).Select(i => (long)i), ring.Snapshot().Select(e => e.StartTicks));
        Assert.Equal(15, ring.Dropped);
        Assert.Equal(25, ring.Added);
    }

    [Fact]
    public void Follow_FromAPlace_GivesEachEventOnceAndCountsTheMissed()
    {
        TraceRing ring = new(8);
        TraceEvent[] into = new TraceEvent[5];
        long place = 0;
        Assert.Equal(0, ring.Follow(ref place, into, out _));
        void Add(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                ring.Add(TraceSample.Event(TraceKind.Load, i, i + 1));
            }
        }

        Add(0, 7);
        Assert.Equal((5, 0L), (ring.Follow(ref place, into, out long missed), missed));
        Assert.Equal([0L, 1, 2, 3, 4], into.Select(e => e.StartTicks));
        Assert.Equal((2, 0L), (ring.Follow(ref place, into, out missed), missed));
        Assert.Equal([5L, 6], into[..2].Select(e => e.StartTicks));
        Add(7, 30);
        Assert.Equal((5, 15L), (ring.Follow(ref place, into, out missed), missed));
        Assert.Equal(22, into[0].StartTicks);
    }

    [Fact]
    public async Task Follow_BesideAWriter_LosesNothingThatItDoesNotCount()
    {
        const int Events = 200_000;
        TraceRing ring = new(4096);
        Task writer = Task.Run(() =>
        {
            for (int i = 0; i < Events; i++)
            {
                ring.Add(TraceSample.Event(TraceKind.Load, i, i + 1));
            }
        }, TestContext.Current.CancellationToken);
        TraceEvent[] into = new TraceEvent[512];
        long place = 0, seen = 0, missed = 0, last = -1;
        while (place < Events)
        {
            int count = ring.Follow(ref place, into, out long gone);
            (seen, missed) = (seen + count, missed + gone);
            for (int i = 0; i < count; i++)
            {
                Assert.True(into[i].StartTicks > last);
                last = into[i].StartTicks;
            }
        }

        await writer;
        Assert.Equal(Events, seen + missed);
    }

    [Fact]
    public void Add_SteadyState_AllocatesNothing()
    {
        TraceRing ring = new(64);
        TraceEvent e = TraceSample.Event(TraceKind.Load, 1, 2);
        ring.Add(e);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            ring.Add(e);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Snapshot_BesideWriters_NeverShowsTornEvents()
    {
        TraceRing ring = new(64);
        Task[] writers = [.. Enumerable.Range(1, 3).Select(writer => Task.Run(() =>
        {
            for (int i = 0; i < 50_000; i++)
            {
                int value = (i * 4) + writer;
                ring.Add(new TraceEvent { StartTicks = value, EndTicks = value, Tile = value, Pass = value, Lane = value, Bytes = value,
                    Kind = TraceKind.Load });
            }
        }, TestContext.Current.CancellationToken))];
        do
        {
            foreach (TraceEvent e in ring.Snapshot())
            {
                Assert.True(e.StartTicks == e.EndTicks && e.Tile == e.StartTicks && e.Pass == e.Tile && e.Lane == e.Tile
                    && e.Bytes == e.Tile && e.Tile > 0);
            }
        }
        while (!Task.WhenAll(writers).IsCompleted);
        await Task.WhenAll(writers);
        Assert.Equal(150_000, ring.Added);
        Assert.Equal(150_000 - ring.Snapshot().Length, ring.Dropped);
        Assert.InRange(ring.Dropped, 150_000 - 64, 150_000 - 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Constructor_BadCapacity_Throws(int capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TraceRing(capacity));
}
