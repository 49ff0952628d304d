using LayerStream.Actors.Ring;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Storage;

namespace LayerStream.Actors.Loading;

/// <summary>Brings in what stays for the whole run: small vectors as F32, pinned tiles as they are in the file.</summary>
internal static class WeightLoader
{
    /// <summary>Reads and decodes all small weights.</summary>
    internal static AlignedBuffer LoadSmall(ModelSpec spec, FlashReader reader, AlignedBuffer staging, BudgetAccount account)
    {
        AlignedBuffer small = account.Allocate(spec.SmallWeightBytes);
        foreach (SmallWeight weight in spec.SmallWeights)
        {
            Extent whole = weight.Tensor.Extent;
            TensorTypeInfo type = TensorTypes.Get(weight.Tensor.Type);
            long room = (staging.Length - 8192) / type.BlockBytes * type.BlockBytes;
            for (long done = 0; done < whole.Length; done += room)
            {
                int bytes = (int)Math.Min(room, whole.Length - done);
                int elements = bytes / type.BlockBytes * type.BlockSize;
                reader.ReadNow(new Extent(whole.File, whole.Offset + done, bytes), staging.Address, out nint payload);
                long first = done / type.BlockBytes * type.BlockSize;
                Dequantize.Row(weight.Tensor.Type, staging.Bytes(payload - staging.Address, bytes),
                    small.Floats(weight.ByteOffset + (first * 4), elements));
            }
        }

        return small;
    }

    /// <summary>Reads all pinned tiles, several at once.</summary>
    internal static async Task<PinnedTiles> LoadPinnedAsync(TileMap tiles, IReadOnlyList<bool> pinned, FlashReader reader,
        BudgetAccount account, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        nint[] payload = new nint[tiles.Tiles.Count];
        long bytes = tiles.Tiles.Where(t => pinned[t.Index]).Sum(t => t.Extent.Window.Length);
        if (bytes == 0)
        {
            return new PinnedTiles(null, payload);
        }

        AlignedBuffer arena = account.Allocate(bytes, hugePages: true);
        PinnedLoad load = new(tiles, payload, progress, bytes);
        try
        {
            long at = 0;
            foreach (Tile tile in tiles.Tiles.Where(t => pinned[t.Index]))
            {
                await load.Room.WaitAsync(cancel);
                if (load.Failure is not null)
                {
                    break;
                }

                long window = tile.Extent.Window.Length;
                reader.Submit(new ReadRequest(tile.Extent, arena.Address + (nint)at, window, tile.Index, load));
                at += window;
            }
        }
        finally
        {
            await reader.DrainAsync();
            if (cancel.IsCancellationRequested || load.Failure is not null)
            {
                arena.Dispose();
            }
        }

        cancel.ThrowIfCancellationRequested();
        return load.Failure is { } failure ? throw failure : new PinnedTiles(arena, payload);
    }

    private sealed class PinnedLoad(TileMap tiles, nint[] payload, IProgress<LoadProgress>? progress, long total) : IReadCompletion
    {
        private const int InFlight = 8;
        private long _done;
        private long _reported;

        internal SemaphoreSlim Room { get; } = new(InFlight);

        internal FlashReadException? Failure { get; private set; }

        public void Completed(long tag, nint address, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
        {
            payload[tag] = address;
            Failure ??= error;
            Room.Release(); // first: who listens to the progress must not hold up the load
            long done = Interlocked.Add(ref _done, tiles.Tiles[(int)tag].Extent.Length);
            long reported = Interlocked.Read(ref _reported);
            if (done - reported > total / 50 && Interlocked.CompareExchange(ref _reported, done, reported) == reported)
            {
                progress?.Report(new LoadProgress("pinning weights", done, total));
            }
        }
    }
}
