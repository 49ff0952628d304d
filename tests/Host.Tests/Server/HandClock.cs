namespace LayerStream.Host.Tests.Server;

/// <summary>A clock that a test moves.</summary>
internal sealed class HandClock : TimeProvider
{
    public TimeSpan Now { get; set; } = TimeSpan.FromDays(20_000);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;
}
