using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;
using LayerStream.Models.Tiles;

namespace LayerStream.Actors.Stages;

/// <summary>
/// Reads from flash into free slots: dense tiles in plan order and on across the border between passes, and in front of them the
/// experts that compute demands. No slot, no read; the two kinds never take each other's slots.
/// </summary>
internal sealed class PrefetchActor(TileRing ring, ExpertRing experts, TileMap tiles)
    : StageActor(StageKind.Prefetch)
{
    protected override async Task LoopAsync(RunContext run, CancellationToken stop)
    {
        if (!experts.Streams)
        {
            await StreamAsync(run, stop);
            return;
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(EndTogether(StreamAsync(run, either.Token), either), EndTogether(DemandAsync(run, either.Token), either));
    }

    /// <summary>A slot with a read in flight belongs to the kernel until the read ends.</summary>
    protected override Task SettleAsync(RunContext run)
    {
        experts.Predicted.Stop();
        return ring.ReadsEndedAsync();
    }

    /// <summary>A loop that fails takes the other with it: the stage is to end, not to wait for half of itself.</summary>
    private static async Task EndTogether(Task loop, CancellationTokenSource either)
    {
        try
        {
            await loop;
        }
        catch
        {
            await either.CancelAsync();
            throw;
        }
    }

    private async Task StreamAsync(RunContext run, CancellationToken stop)
    {
        Waiter waiter = ring.Waits.Prefetch;
        waiter.Begin("a pass");
        while (await run.Passes.Reader.WaitToReadAsync(stop))
        {
            waiter.End();
            while (run.Passes.Reader.TryRead(out PassOrder pass))
            {
                foreach (int index in pass.Tiles)
                {
                    if (index >= tiles.HeadTile && !pass.WithHead)
                    {
                        break;
                    }

                    run.Probe(FaultPoint.PrefetchLoop);
                    waiter.Begin("a free slot");
                    FreeSlot slot = await ring.TakeFreeAsync(stop);
                    waiter.End();
                    ring.Submit(slot, tiles.Tiles[index], pass.Pass);
                }
            }

            waiter.Begin("a pass");
        }

        waiter.End();
    }

    /// <summary>Waits without a token, which costs no allocation per layer; a stop wakes it by an empty item in each channel.</summary>
    private async Task DemandAsync(RunContext run, CancellationToken stop)
    {
        using CancellationTokenRegistration wake = stop.UnsafeRegister(static e => ((ExpertRing)e!).Wake(), experts);
        Waiter waiter = ring.Waits.Demand;
        waiter.Begin("a demand");
        while (await experts.Demand.Reader.WaitToReadAsync(CancellationToken.None))
        {
            waiter.End();
            while (experts.Demand.Reader.TryRead(out ExpertDemand demand))
            {
                stop.ThrowIfCancellationRequested();
                run.Probe(FaultPoint.DemandLoop);
                waiter.Begin("a transient slot");
                FreeSlot transient = demand.Slot >= 0 ? default : await ring.ReadFreeAsync(experts.Free.Reader, CancellationToken.None);
                waiter.End();
                if (stop.IsCancellationRequested)
                {
                    experts.GiveBack(demand, transient);
                    stop.ThrowIfCancellationRequested();
                }

                experts.Submit(demand.Request, transient.Slot);
            }

            waiter.Begin("a demand");
        }
    }
}
