using LayerStream.Actors.Tracing;

namespace LayerStream.Page.Tests;

/// <summary>Traces with known times.</summary>
internal static class DrawnTrace
{
    /// <summary>A trace of a ring with eight slots: every layer has four tiles, each read, waited for where it comes late, computed and
    /// evicted. A tick is a microsecond. With <paramref name="areExperts"/> a layer's tiles are experts.</summary>
    internal static string Save(string folder, string name, int layers, int tokens, long readTicks, bool areExperts = false,
        double deviceBytesPerSecond = 0, ushort drawnByAPass = 0)
    {
        const int PerLayer = 4;
        List<TraceEvent> events = [];
        long now = 1000, disk = 1000;
        for (int pass = 0; pass < tokens; pass++)
        {
            long begin = now;
            for (int tile = 0; tile < layers * PerLayer; tile++)
            {
                events.Add(Drawn(TraceKind.Load, disk, disk + readTicks, tile, pass) with { Lane = tile % 8, Bytes = 1 << 20 });
                disk += readTicks;
                if (disk > now)
                {
                    events.Add(Drawn(TraceKind.Wait, now, disk, tile, pass) with { Reason = StallReason.DiskPrefetchLate });
                    now = disk;
                }

                events.Add(Drawn(TraceKind.Compute, now, now + 250, tile, pass));
                now += 250;
                events.Add(Drawn(TraceKind.Evict, now, now + 1, tile, pass) with { Lane = tile % 8 });
            }

            if (drawnByAPass > 0)
            {
                events.Add(Drawn(TraceKind.Sample, now, ++now, -1, pass) with { Rows = drawnByAPass });
            }

            events.Add(Drawn(TraceKind.Token, begin, now, -1, pass));
        }

        string kind = areExperts ? " expert " : ".tensor_", path = Path.Combine(folder, name);
        new TraceFile
        {
            Model = "drawn",
            TicksPerSecond = 1_000_000,
            Depth = 7,
            BudgetBytes = 1 << 30,
            DeviceBytesPerSecond = deviceBytesPerSecond,
            FirstExpertTile = areExperts ? 0 : -1,
            TileNames = [.. Enumerable.Range(0, layers * PerLayer).Select(t => $"blk.{t / PerLayer}{kind}{t % PerLayer}")],
            TileLayers = [.. Enumerable.Range(0, layers * PerLayer).Select(t => t / PerLayer)],
            Events = [.. events],
        }.Save(path);
        return path;
    }

    private static TraceEvent Drawn(TraceKind kind, long begin, long end, int tile, int pass) =>
        new() { Kind = kind, StartTicks = begin, EndTicks = end, Tile = tile, Pass = pass };
}
