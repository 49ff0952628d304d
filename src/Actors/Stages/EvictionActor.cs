using System.Diagnostics;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;

namespace LayerStream.Actors.Stages;

/// <summary>Frees the slots of spent tiles and experts; at the end of a run also those of what nobody took.</summary>
internal sealed class EvictionActor(TileRing ring, ExpertRing experts, TraceRing trace) : StageActor(StageKind.Eviction)
{
    /// <summary>Waits without a token, which costs no allocation per tile; a stop wakes it by an empty item.</summary>
    protected override async Task LoopAsync(RunContext run, CancellationToken stop)
    {
        using CancellationTokenRegistration wake = stop.UnsafeRegister(static r => ((TileRing)r!).WakeEviction(), ring);
        Waiter waiter = ring.Waits.Eviction;
        waiter.Begin("a spent tile");
        long waits = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested && await ring.Spent.Reader.WaitToReadAsync(CancellationToken.None))
        {
            waiter.End();
            ring.Times.AddEvictStall(Stopwatch.GetTimestamp() - waits);
            run.Probe(FaultPoint.EvictionLoop);
            while (ring.Spent.Reader.TryRead(out SpentTile spent))
            {
                Evict(spent);
            }

            waiter.Begin("a spent tile");
            waits = Stopwatch.GetTimestamp();
        }

        waiter.End();
    }

    protected override Task SettleAsync(RunContext run)
    {
        while (ring.Spent.Reader.TryRead(out SpentTile spent))
        {
            Evict(spent);
        }

        run.WastedBytes += ring.DrainLoaded() + experts.Settle();
        return Task.CompletedTask;
    }

    private void Evict(SpentTile spent)
    {
        if (spent.Slot < 0)
        {
            return;
        }

        long begin = Stopwatch.GetTimestamp();
        if (experts.Owns(spent))
        {
            experts.Return(spent.Slot);
        }
        else
        {
            TileRing.Write(ring.Free, new FreeSlot(spent.Slot));
        }

        long end = Stopwatch.GetTimestamp();
        ring.Times.AddEvictBusy(end - begin);
        trace.Add(new TraceEvent
        {
            Kind = TraceKind.Evict,
            StartTicks = begin,
            EndTicks = end,
            Tile = spent.Tile,
            Pass = spent.Pass,
            Lane = spent.Slot
        });
    }
}
