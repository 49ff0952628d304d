using LayerStream.Models;

namespace LayerStream.Actors;

/// <summary>Reads tiles from flash into free slots, in plan order and on across the border between passes. No slot, no read.</summary>
internal sealed class PrefetchActor(TileRing ring, TileMap tiles, IReadOnlyList<int> streamed) : StageActor("prefetch")
{
    protected override async Task LoopAsync(RunContext run, CancellationToken stop)
    {
        while (await run.Passes.Reader.WaitToReadAsync(stop))
        {
            while (run.Passes.Reader.TryRead(out PassOrder pass))
            {
                foreach (int index in streamed)
                {
                    if (index >= tiles.HeadTile && !pass.WithHead)
                    {
                        break;
                    }

                    run.Probe("prefetch");
                    FreeSlot slot = await ring.Free.Reader.ReadAsync(stop);
                    ring.Submit(slot, tiles.Tiles[index], pass.Pass);
                }
            }
        }
    }

    /// <summary>A slot with a read in flight belongs to the kernel until the read ends.</summary>
    protected override Task SettleAsync(RunContext run) => ring.ReadsEndedAsync();
}
