using System.Diagnostics;
using LayerStream.Actors.Tracing;
using LayerStream.Models.Decoding;
using LayerStream.Models.Tiles;

namespace LayerStream.Actors.Ring;

/// <summary>Compute's end of the ring: pinned and held tiles from their tables, streamed ones in order from the channel, every wait
/// accounted for.</summary>
internal sealed class RingTileSource(TileRing ring, PinnedTiles pinned, PassAccount account, TileNames names, DepthTuning tuning)
    : ITileSource
{
    private const int NoSlot = -1;
    private int _heldSlot = NoSlot;
    private nint _payload; // in it
    private CancellationToken _cancel;

    /// <summary>Work of the compute thread's own, to be done a little at a time instead of waiting; false = there is none now.</summary>
    internal Func<bool>? Idle { get; init; }

    internal void BeginRun(CancellationToken cancel) => _cancel = cancel;

    /// <summary>Tiles that prefetch has to read for a pass that it is told of.</summary>
    internal IReadOnlyList<int> Announce(int pass) => ring.Held.Announce(pass);

    /// <summary>The pass of the account begins.</summary>
    internal void BeginPass() => ring.Held.BeginPass(account.Pass);

    /// <inheritdoc/>
    public nint Acquire(in Tile tile)
    {
        nint payload = InMemory(tile.Index);
        if (payload != 0)
        {
            account.TileHits++;
            return payload;
        }

        _cancel.ThrowIfCancellationRequested();
        LoadedTile loaded = Take();
        _heldSlot = loaded.Slot;
        if (loaded.Error is { } error)
        {
            throw error.WithTensor(names[loaded.Tile]);
        }

        if (loaded.Tile != tile.Index || loaded.Pass != account.Pass)
        {
            throw new InvalidOperationException($"the ring holds tile {loaded.Tile} of pass {loaded.Pass}, compute is at tile "
                + $"{tile.Index} of pass {account.Pass}");
        }

        return _payload = loaded.Payload;
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

        account.DemandedBytes += tile.Extent.Length;
        account.EndCompute(Stopwatch.GetTimestamp(), tile.Index);
        if (ring.Held.Keep(tile.Index, _heldSlot, _payload))
        {
            _heldSlot = NoSlot;
        }
        else
        {
            ReturnHeld(tile.Index);
        }
    }

    /// <inheritdoc/>
    public bool IsHeld(in Tile tile) => InMemory(tile.Index) != 0;

    /// <summary>Gives back a slot that a failed pass still holds.</summary>
    internal void ReturnHeld(int tile = -1)
    {
        if (_heldSlot != NoSlot)
        {
            int slot = _heldSlot;
            _heldSlot = NoSlot;
            TileRing.Write(ring.Spent, new SpentTile(slot, tile, account.Pass));
        }
    }

    private nint InMemory(int tile)
    {
        nint payload = pinned.Payload(tile);
        return payload != 0 ? payload : ring.Held.Payload(tile, account.Pass);
    }

    private LoadedTile Take()
    {
        tuning.Coming(ring.Loaded.Reader.Count);
        if (ring.Loaded.Reader.TryRead(out LoadedTile loaded))
        {
            account.TileHits++;
            return loaded;
        }

        long begin = Stopwatch.GetTimestamp();
        account.BeginWait(begin, "a tile");
        StallReason reason = ring.InFlight > 0 ? StallReason.DiskPrefetchLate : ring.Free.Reader.Count == 0 ? StallReason.BudgetEvict
            : StallReason.Scheduler;
        account.TilesInFlight += reason == StallReason.DiskPrefetchLate ? 1 : 0;
        account.TileMisses += reason == StallReason.DiskPrefetchLate ? 0 : 1;
        try
        {
            while (!ring.Loaded.Reader.TryRead(out loaded))
            {
                _cancel.ThrowIfCancellationRequested();
                if (Idle?.Invoke() is not true)
                {
                    ring.Arrived.Wait(_cancel);
                }
            }
        }
        finally
        {
            account.LeaveWait();
        }

        account.EndWait(begin, loaded.Tile, reason);
        return loaded;
    }
}
