using LayerStream.Actors.Tracing;

namespace LayerStream.Pipeline.Tests.Tracing;

/// <summary>Synthetic traces; a tick is a microsecond.</summary>
internal static class TraceSample
{
    public static TraceEvent Event(TraceKind kind, long start, long end, int tile = -1, int pass = 0, int lane = 0, int bytes = 0,
        StallReason reason = StallReason.None) =>
        new() { Kind = kind, StartTicks = start, EndTicks = end, Tile = tile, Pass = pass, Lane = lane, Bytes = bytes, Reason = reason };

    public static TraceFile File(params TraceEvent[] events) => new()
    {
        Model = "tiny",
        TicksPerSecond = 1_000_000,
        AnchorTicks = 0,
        AnchorUnixNanos = 1_700_000_000_000_000_000,
        TileNames = ["blk.30.attn_q", "blk.31.ffn_up", "output"],
        TileLayers = [30, 31, -1],
        Files = ["tiny.gguf"],
        Reads = new TileReads([0, 1, 2, 5], [new(0, 4100, 8000), new(0, 20_000, 96), new(0, 40_960, 4096), new(0, 50_000, 12 << 20),
            new(0, 1, 1)]),
        DeviceBytesPerSecond = 100_000_000,
        BudgetBytes = 1 << 30,
        Depth = 2,
        Events = events,
    };

    /// <summary>Token 17 of the contract's sentence: 812 ms = 640 compute + 150 disk + 22 other.</summary>
    public static TraceFile Token17() => File(
        Event(TraceKind.LoadSubmit, 900_000, 0, tile: 1, pass: 17, lane: 3),
        Event(TraceKind.Load, 1_000_000, 1_790_000, tile: 1, pass: 17, lane: 3, bytes: 75_516_000),
        Event(TraceKind.Compute, 1_000_000, 1_640_000, tile: 0, pass: 17),
        Event(TraceKind.Wait, 1_640_000, 1_790_000, tile: 1, pass: 17, reason: StallReason.DiskPrefetchLate),
        Event(TraceKind.Evict, 1_790_000, 1_790_100, tile: 1, pass: 17, lane: 3),
        Event(TraceKind.Sample, 1_790_000, 1_811_000, pass: 17),
        Event(TraceKind.Token, 1_000_000, 1_812_000, pass: 17));

    /// <summary>A whole request whose passes are tiled by events, with reads ahead of compute over two slots.</summary>
    public static TraceFile Request(int tokens, long computeTicks, long loadTicks)
    {
        List<TraceEvent> events = [];
        long compute = 1000;
        long disk = 1000;
        for (int pass = 0; pass < tokens; pass++)
        {
            long start = compute;
            for (int tile = 0; tile < 3; tile++)
            {
                long loaded = disk + loadTicks;
                events.Add(Event(TraceKind.Load, disk, loaded, tile, pass, lane: tile % 2, bytes: 1000));
                disk = loaded;
                if (loaded > compute)
                {
                    events.Add(Event(TraceKind.Wait, compute, loaded, tile, pass, reason: StallReason.DiskPrefetchLate));
                    compute = loaded;
                }
                events.Add(Event(TraceKind.Compute, compute, compute + computeTicks, tile, pass));
                compute += computeTicks;
                events.Add(Event(TraceKind.Evict, compute, compute + 1, tile, pass, lane: tile % 2));
            }
            events.Add(Event(TraceKind.Sample, compute, compute + 5, pass: pass));
            compute += 5;
            events.Add(Event(pass == 0 ? TraceKind.Prompt : TraceKind.Token, start, compute, pass: pass));
        }
        events.Add(Event(TraceKind.Request, 1000, compute) with { Sequence = 1, Rows = (ushort)tokens });
        return File([.. events]);
    }
}
