using System.Diagnostics;
using LayerStream.Models;
using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>Compute's end of the ring: pinned tiles from the table, streamed ones in order from the channel, every wait accounted for.</summary>
internal sealed class RingTileSource(TileRing ring, PinnedTiles pinned, TraceRing trace, IReadOnlyList<string> tileNames) : ITileSource
{
    private const int NoSlot = -1;
    private int _heldSlot = NoSlot;
    private CancellationToken _cancel;
    private long _computeStart;

    /// <summary>Number of the running pass.</summary>
    internal int Pass { get; private set; }

    /// <summary>Bytes taken from the ring since the engine started.</summary>
    internal long DemandedBytes { get; private set; }

    /// <summary>Stopwatch ticks with the crew busy since the engine started.</summary>
    internal long ComputeTicks { get; private set; }

    /// <summary>Stopwatch ticks of waiting, by <see cref="StallReason"/>.</summary>
    internal long[] WaitTicks { get; } = new long[StallReasonNames.Count];

    internal void BeginRun(CancellationToken cancel) => _cancel = cancel;

    internal void BeginPass(int pass)
    {
        Pass = pass;
        _computeStart = Stopwatch.GetTimestamp();
    }

    internal void EndPass() => EndCompute(Stopwatch.GetTimestamp(), -1);

    /// <inheritdoc/>
    public nint Acquire(in Tile tile)
    {
        nint payload = pinned.Payload(tile.Index);
        if (payload != 0)
        {
            return payload;
        }

        _cancel.ThrowIfCancellationRequested();
        LoadedTile loaded = Take();
        _heldSlot = loaded.Slot;
        if (loaded.Error is { } error)
        {
            throw error.WithTensor(tileNames[loaded.Tile]);
        }

        if (loaded.Tile != tile.Index || loaded.Pass != Pass)
        {
            throw new InvalidOperationException($"the ring holds tile {loaded.Tile} of pass {loaded.Pass}, compute is at tile {tile.Index} of pass {Pass}");
        }

        return loaded.Payload;
    }

    /// <inheritdoc/>
    public void Release(in Tile tile)
    {
        if (_heldSlot == NoSlot)
        {
            // A pinned tile: once in a while is enough to notice that nobody waits for the answer any more.
            _cancel.ThrowIfCancellationRequested();
            return;
        }

        DemandedBytes += tile.Extent.Length;
        EndCompute(Stopwatch.GetTimestamp(), tile.Index);
        ReturnHeld(tile.Index);
    }

    /// <summary>Gives back a slot that a failed pass still holds.</summary>
    internal void ReturnHeld(int tile = -1)
    {
        if (_heldSlot != NoSlot)
        {
            int slot = _heldSlot;
            _heldSlot = NoSlot;
            TileRing.Write(ring.Spent, new SpentTile(slot, tile, Pass));
        }
    }

    private LoadedTile Take()
    {
        if (ring.Loaded.Reader.TryRead(out LoadedTile loaded))
        {
            return loaded;
        }

        long begin = Stopwatch.GetTimestamp();
        EndCompute(begin, -1);
        StallReason reason = ring.InFlight > 0 ? StallReason.DiskPrefetchLate : ring.Free.Reader.Count == 0 ? StallReason.BudgetEvict : StallReason.Scheduler;
        while (!ring.Loaded.Reader.TryRead(out loaded))
        {
            ring.Arrived.Wait(_cancel);
        }

        long end = Stopwatch.GetTimestamp();
        WaitTicks[(int)reason] += end - begin;
        trace.Add(new TraceEvent { Kind = TraceKind.Wait, StartTicks = begin, EndTicks = end, Tile = loaded.Tile, Pass = Pass, Lane = 0, Reason = reason });
        _computeStart = end;
        return loaded;
    }

    private void EndCompute(long now, int tile)
    {
        if (now > _computeStart)
        {
            ComputeTicks += now - _computeStart;
            trace.Add(new TraceEvent { Kind = TraceKind.Compute, StartTicks = _computeStart, EndTicks = now, Tile = tile, Pass = Pass, Lane = 0 });
        }

        _computeStart = now;
    }
}
