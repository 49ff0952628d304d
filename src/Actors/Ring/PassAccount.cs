using System.Diagnostics;
using LayerStream.Actors.Tracing;

namespace LayerStream.Actors.Ring;

/// <summary>Where the time and the bytes of the compute thread went: every moment of a pass is compute or a wait with its reason.</summary>
internal sealed class PassAccount(TraceRing trace, Waiter waiter)
{
    private static readonly long s_longTicks = Stopwatch.Frequency / 500; // 2 ms: shorter ones are not asked whether they had a core
    private static readonly long s_leastQueued = Stopwatch.Frequency / 10000;

    private readonly ThreadDelays _delays = new();
    private long _computeStart;

    /// <summary>Number of the running pass.</summary>
    internal int Pass { get; private set; }

    /// <summary>Bytes that passes needed from flash since the engine started: streamed tiles and missed experts.</summary>
    internal long DemandedBytes { get; set; }

    /// <summary>Of them, bytes of experts.</summary>
    internal long ExpertBytes { get; set; }

    /// <summary>Experts that passes demanded and that were in memory.</summary>
    internal long ExpertHits { get; set; }

    /// <summary>Experts that passes demanded and that had to be read.</summary>
    internal long ExpertMisses { get; set; }

    /// <summary>Dense tiles that were in memory when compute came: pinned, or read ahead.</summary>
    internal long TileHits { get; set; }

    /// <summary>Dense tiles whose read ran when compute came.</summary>
    internal long TilesInFlight { get; set; }

    /// <summary>Dense tiles whose read had not begun when compute came.</summary>
    internal long TileMisses { get; set; }

    /// <summary>Stopwatch ticks with the crew busy since the engine started.</summary>
    internal long ComputeTicks { get; private set; }

    /// <summary>Of them, ticks on experts; the rest is the dense part, which runs alike wherever the experts are.</summary>
    internal long ExpertComputeTicks { get; private set; }

    /// <summary>Stopwatch ticks of waiting, by <see cref="StallReason"/>.</summary>
    internal long[] WaitTicks { get; } = new long[StallReasonNames.Count];

    internal void BeginPass(int pass)
    {
        Pass = pass;
        _delays.Begin();
        _computeStart = Stopwatch.GetTimestamp();
    }

    /// <summary>Closes the interval of arithmetic that ends now; <paramref name="tile"/> is what it was on, or −1. What others took of it,
    /// a collection or programs on the same cores, counts as a wait at its end.</summary>
    internal void EndCompute(long now, int tile, bool isExpert = false)
    {
        if (now > _computeStart)
        {
            long whole = now - _computeStart, paused = Math.Min(whole, _delays.TakePaused());
            long queued = whole < s_longTicks ? 0 : Math.Min(whole - paused, _delays.TakeQueued());
            long end = now - paused - (queued < s_leastQueued ? 0 : queued);
            ComputeTicks += end - _computeStart;
            ExpertComputeTicks += isExpert ? end - _computeStart : 0;
            Record(TraceKind.Compute, _computeStart, end, tile, StallReason.None);
            RecordDelay(end, now - paused, tile, StallReason.Cpu);
            RecordDelay(now - paused, now, tile, StallReason.GcPause);
        }

        _computeStart = now;
    }

    /// <summary>Arithmetic ends at <paramref name="now"/> and a wait begins.</summary>
    internal void BeginWait(long now, string what)
    {
        EndCompute(now, -1);
        waiter.Begin(what);
    }

    /// <summary>Nobody waits any more, whether or not what was waited for has come.</summary>
    internal void LeaveWait() => waiter.End();

    /// <summary>Records a wait for a tile that ends now; arithmetic begins again.</summary>
    internal void EndWait(long begin, int tile, StallReason reason)
    {
        long end = Stopwatch.GetTimestamp();
        WaitTicks[(int)reason] += end - begin;
        Record(TraceKind.Wait, begin, end, tile, reason);
        _delays.TakePaused(); // it was part of the wait
        if (end - begin >= s_longTicks)
        {
            _delays.TakeQueued();
        }

        _computeStart = end;
    }

    /// <summary>Records a read of compute's own, of a row of a table, that ends now; arithmetic begins again.</summary>
    internal void EndRowWait(long begin, int bytes)
    {
        EndWait(begin, -1, StallReason.DiskDemand);
        trace.Add(new TraceEvent
        {
            Kind = TraceKind.Load,
            StartTicks = begin,
            EndTicks = _computeStart,
            Tile = -1,
            Pass = Pass,
            Lane = TraceEvent.NoSlot,
            Bytes = bytes
        });
    }

    private void RecordDelay(long begin, long end, int tile, StallReason reason)
    {
        if (end > begin)
        {
            WaitTicks[(int)reason] += end - begin;
            Record(TraceKind.Wait, begin, end, tile, reason);
        }
    }

    private void Record(TraceKind kind, long begin, long end, int tile, StallReason reason) => trace.Add(new TraceEvent
    {
        Kind = kind,
        StartTicks = begin,
        EndTicks = end,
        Tile = tile,
        Pass = Pass,
        Lane = 0,
        Reason = reason,
    });
}
