using LayerStream.Actors.Stages;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class StallClockTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Observe_NothingMoves_AddsUp()
    {
        StallClock clock = new(s_second);
        for (int i = 0; i <= 60; i++)
        {
            clock.Observe(7, isBusy: false, s_second);
        }

        Assert.Equal(TimeSpan.FromSeconds(60), clock.Idle);
    }

    [Fact]
    public void Observe_MovementOrWork_BeginsAnew()
    {
        StallClock clock = new(s_second);
        clock.Observe(7, isBusy: false, s_second);
        clock.Observe(7, isBusy: false, s_second);
        clock.Observe(8, isBusy: false, s_second);
        Assert.Equal(TimeSpan.Zero, clock.Idle);
        clock.Observe(8, isBusy: false, s_second);
        clock.Observe(8, isBusy: true, s_second);
        Assert.Equal(TimeSpan.Zero, clock.Idle);
    }

    [Fact]
    public void Observe_AfterASuspension_CountsTwoPeriodsOfIt()
    {
        StallClock clock = new(s_second);
        clock.Observe(7, isBusy: false, s_second);
        clock.Observe(7, isBusy: false, TimeSpan.FromHours(9));
        Assert.Equal(TimeSpan.FromSeconds(2), clock.Idle);
    }
}
