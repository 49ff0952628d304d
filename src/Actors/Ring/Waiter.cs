using System.Diagnostics;
using System.Globalization;

namespace LayerStream.Actors.Ring;

/// <summary>What one loop waits for and since when, written by that loop alone and read by anyone.</summary>
internal sealed class Waiter(string who)
{
    private string _what = "";
    private long _sinceTicks;
    private long _waits;

    /// <summary>Waits begun so far.</summary>
    internal long Waits => Volatile.Read(ref _waits);

    internal bool IsWaiting => Volatile.Read(ref _sinceTicks) != 0;

    /// <summary>The loop waits from now on; <paramref name="what"/> is a constant, so that a wait allocates nothing.</summary>
    internal void Begin(string what)
    {
        _what = what;
        Volatile.Write(ref _waits, _waits + 1);
        Volatile.Write(ref _sinceTicks, Stopwatch.GetTimestamp());
    }

    internal void End() => Volatile.Write(ref _sinceTicks, 0);

    /// <summary>For example "compute waits for a tile since 61 s"; null while it does not wait.</summary>
    internal string? Describe() => Volatile.Read(ref _sinceTicks) is var since and not 0
        ? string.Create(CultureInfo.InvariantCulture, $"{who} waits for {_what} since {Stopwatch.GetElapsedTime(since).TotalSeconds:F0} s")
        : null;
}
