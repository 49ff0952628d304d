using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class ReadActivityTests
{
    [Fact]
    public void Snapshot_OverlappingReads_CountsTheUnion()
    {
        Clock clock = new();
        ReadActivity activity = new(clock);
        Assert.Equal(10, clock.At(10, () => activity.Begin()));
        clock.At(15, () => activity.Begin());
        clock.At(20, () => activity.End(100)); // 10..20
        Assert.Equal(30, clock.At(30, () => activity.End(50))); // 15..30
        clock.At(100, () => activity.Begin());
        clock.At(101, () => activity.End(1));
        clock.At(500, () => 0);
        Assert.Equal((21.0, 151L), activity.Snapshot());
        Assert.Equal(21.0, activity.BusySeconds);
        Assert.Equal(151, activity.Bytes);
    }

    [Fact]
    public void Snapshot_WhileAReadRuns_CountsUpToNow()
    {
        Clock clock = new();
        ReadActivity activity = new(clock);
        clock.At(5, () => activity.Begin());
        clock.At(8, () => 0);
        Assert.Equal((3.0, 0L), activity.Snapshot());
    }

    [Fact]
    public void End_WithoutBegin_Throws() => Assert.Throws<InvalidOperationException>(() => new ReadActivity().End(1));

    [Fact]
    public async Task Snapshot_ManyThreads_NeverExceedsTheWallTime()
    {
        ReadActivity activity = new();
        long start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                activity.Begin();
                activity.End(1);
            }
        })));
        (double busy, long bytes) = activity.Snapshot();
        Assert.Equal(80_000, bytes);
        Assert.InRange(busy, 0, TimeProvider.System.GetElapsedTime(start).TotalSeconds);
    }

    private sealed class Clock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _now;

        internal long At(long now, Func<long> action)
        {
            _now = now;
            return action();
        }
    }
}
