using System.Text.Json;
using LayerStream.Actors.Tracing;

namespace LayerStream.Host.Top;

/// <summary>The newest events of a live trace, and what share of the time each lane was busy. Called from one thread at a time.</summary>
internal sealed class LaneWindow(double windowMicros)
{
    private const int MostEvents = 100_000;
    private readonly Queue<TraceEvent> _events = new();
    private double _newest;

    /// <summary>Names of the tiles, from the stream's first message.</summary>
    public string[] TileNames { get; private set; } = [];

    /// <summary>Tokens drawn within the window, of all sequences, per second.</summary>
    public double TokensPerSecond => Inside(TraceKind.Sample).Sum(e => e.Rows) / (windowMicros / 1e6);

    /// <summary>Takes a message of the live stream: names, or events (kind, start, end, tile, pass, lane, bytes, reason, predicted, rows,
    /// sequence; times in microseconds). What is not as it should be is left out.</summary>
    public void Take(JsonElement message)
    {
        if (message.TryGetProperty("tile_names", out JsonElement names) && names.ValueKind == JsonValueKind.Array)
        {
            TileNames = [.. names.EnumerateArray().Select(n => n.GetString() ?? "")];
        }

        if (!message.TryGetProperty("events", out JsonElement events) || events.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (JsonElement e in events.EnumerateArray())
        {
            if (e.ValueKind != JsonValueKind.Array || e.GetArrayLength() < 9
                || e.EnumerateArray().Any(v => v.ValueKind != JsonValueKind.Number || !v.TryGetInt64(out _)))
            {
                continue;
            }

            long[] v = [.. e.EnumerateArray().Select(x => x.GetInt64())];
            Add(new TraceEvent
            {
                Kind = (TraceKind)v[0],
                StartTicks = v[1],
                EndTicks = v[2],
                Tile = (int)v[3],
                Pass = (int)v[4],
                Lane = (int)v[5],
                Bytes = (int)v[6],
                Reason = (StallReason)Math.Clamp(v[7], 0, StallReasonNames.Count - 1),
                Rows = (ushort)(v.Length > 9 ? v[9] : 0),
                Sequence = (ushort)(v.Length > 10 ? v[10] : 0),
            });
        }
    }

    /// <summary>Adds an event; times in microseconds.</summary>
    public void Add(in TraceEvent e)
    {
        _newest = Math.Max(_newest, e.EndOrStartTicks);
        _events.Enqueue(e);
        while (_events.Count > MostEvents || (_events.TryPeek(out TraceEvent oldest)
            && oldest.EndOrStartTicks < _newest - (2 * windowMicros)))
        {
            _events.Dequeue();
        }
    }

    /// <summary>Forgets everything: nothing has come for longer than the window.</summary>
    public void Clear() => _events.Clear();

    /// <summary>What the compute thread did: name and share of the window, the largest first.</summary>
    public IReadOnlyList<(string Name, double Share)> Stages() =>
    [
        .. _events.Where(e => e.Kind is TraceKind.Compute or TraceKind.Wait or TraceKind.Sample)
            .GroupBy(e => e.Kind switch
            {
                TraceKind.Compute => "compute",
                TraceKind.Sample => "sampling",
                _ => "wait: " + e.Reason.Name().Replace('_', ' '),
            })
            .Select(g => (g.Key, g.Sum(Clipped) / windowMicros)).Where(s => s.Item2 > 0).OrderByDescending(s => s.Item2),
    ];

    /// <summary>Reads by slot: number, share of the window with a read, and bytes per second.</summary>
    public IReadOnlyList<(int Slot, double Share, double BytesPerSecond)> Slots() =>
    [
        .. _events.Where(e => e.Kind == TraceKind.Load && e.Lane != TraceEvent.NoSlot).GroupBy(e => e.Lane).OrderBy(g => g.Key)
            .Select(g => (g.Key, Math.Min(1, g.Sum(Clipped) / windowMicros),
            g.Where(e => Clipped(e) > 0).Sum(e => (double)e.Bytes) / (windowMicros / 1e6))),
    ];

    /// <summary>Tiles that were waited for longest within the window, and their share of it.</summary>
    public IReadOnlyList<(string Tile, double Share)> WaitedFor(int most) =>
    [
        .. _events.Where(e => e.Kind == TraceKind.Wait && e.Tile >= 0).GroupBy(e => e.Tile)
            .Select(g => ((uint)g.Key < (uint)TileNames.Length ? TileNames[g.Key] : $"tile {g.Key}", g.Sum(Clipped) / windowMicros))
            .Where(t => t.Item2 > 0).OrderByDescending(t => t.Item2).Take(most),
    ];

    /// <summary>Tokens drawn within the window by sequence.</summary>
    public IReadOnlyList<(int Sequence, int Tokens)> Sequences() =>
    [
        .. Inside(TraceKind.Sample).GroupBy(e => (int)e.Sequence).OrderBy(g => g.Key).Select(g => (g.Key, g.Sum(e => e.Rows))),
    ];

    private IEnumerable<TraceEvent> Inside(TraceKind kind) =>
        _events.Where(e => e.Kind == kind && e.EndOrStartTicks > _newest - windowMicros);

    private double Clipped(TraceEvent e) => Math.Max(0, e.EndOrStartTicks - Math.Max(e.StartTicks, _newest - windowMicros));
}
