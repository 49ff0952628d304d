using System.Diagnostics;

namespace LayerStream.Actors;

/// <summary>Frees the slots of spent tiles; at the end of a run also those of tiles that nobody took.</summary>
internal sealed class EvictionActor(TileRing ring, TraceRing trace) : StageActor("eviction")
{
    protected override async Task LoopAsync(RunContext run, CancellationToken stop)
    {
        while (await ring.Spent.Reader.WaitToReadAsync(stop))
        {
            run.Probe("eviction");
            while (ring.Spent.Reader.TryRead(out SpentTile spent))
            {
                Evict(spent);
            }
        }
    }

    protected override Task SettleAsync(RunContext run)
    {
        while (ring.Spent.Reader.TryRead(out SpentTile spent))
        {
            Evict(spent);
        }

        run.WastedBytes += ring.DrainLoaded();
        return Task.CompletedTask;
    }

    private void Evict(SpentTile spent)
    {
        long begin = Stopwatch.GetTimestamp();
        TileRing.Write(ring.Free, new FreeSlot(spent.Slot));
        trace.Add(new TraceEvent { Kind = TraceKind.Evict, StartTicks = begin, EndTicks = Stopwatch.GetTimestamp(), Tile = spent.Tile, Pass = spent.Pass, Lane = spent.Slot });
    }
}
