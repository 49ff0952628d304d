namespace LayerStream.Storage;

/// <summary>
/// How long the device was busy: the union of the intervals with at least one read running, and the bytes they brought.
/// Called from any thread.
/// </summary>
public sealed class ReadActivity
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private int _running;
    private long _busySince;
    private long _busyTicks;
    private long _bytes;

    /// <param name="clock">Source of timestamps; the system's (Stopwatch ticks) when null.</param>
    public ReadActivity(TimeProvider? clock = null) => _clock = clock ?? TimeProvider.System;

    /// <summary>Seconds with a read running, up to now.</summary>
    public double BusySeconds => Snapshot().BusySeconds;

    /// <summary>Bytes of reads that ended.</summary>
    public long Bytes => Snapshot().Bytes;

    /// <summary>Both figures at one moment.</summary>
    public (double BusySeconds, long Bytes) Snapshot()
    {
        lock (_lock)
        {
            long ticks = _busyTicks + (_running > 0 ? _clock.GetTimestamp() - _busySince : 0);
            return ((double)ticks / _clock.TimestampFrequency, _bytes);
        }
    }

    /// <summary>A read starts.</summary>
    /// <returns>Its time in ticks.</returns>
    public long Begin()
    {
        lock (_lock)
        {
            long now = _clock.GetTimestamp();
            if (_running++ == 0)
            {
                _busySince = now;
            }

            return now;
        }
    }

    /// <summary>A read ends.</summary>
    /// <param name="bytes">What it brought.</param>
    /// <returns>Its time in ticks.</returns>
    public long End(long bytes)
    {
        lock (_lock)
        {
            if (_running == 0)
            {
                throw new InvalidOperationException("A read ended that never started.");
            }

            long now = _clock.GetTimestamp();
            _bytes += bytes;
            if (--_running == 0)
            {
                _busyTicks += now - _busySince;
            }

            return now;
        }
    }
}
