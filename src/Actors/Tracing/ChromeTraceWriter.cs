using System.Globalization;
using System.Text.Json;

namespace LayerStream.Actors.Tracing;

/// <summary>Writes the trace event format of Chrome ("Trace Event Format", JSON object form). Times are microseconds from the first
/// event.</summary>
internal sealed class ChromeTraceWriter(TraceFile trace, Stream output) : IDisposable
{
    private const int Process = 1;
    private const int FirstSequenceLane = 10;
    private const int MostSequenceLanes = 80;
    private const int RowLane = 99;
    private const int FirstSlotLane = 100;
    private const int FlushBytes = 16 * 1024;
    private static readonly (int Thread, string Name)[] s_lanes = [(2, "passes"), (3, "compute"), (4, "evict")];
    private readonly Utf8JsonWriter _json = new(output);
    private readonly ChromeOrder _order = ChromeOrder.Of(trace.Events);
    private readonly long _origin = trace.Events.Length == 0 ? 0 : trace.Events.Min(e => e.StartTicks);

    /// <summary>Writes everything, a little with every step.</summary>
    public IEnumerable<bool> Steps()
    {
        _json.WriteStartObject();
        _json.WriteString("displayTimeUnit", "ms");
        _json.WriteStartArray("traceEvents");
        WriteNames();
        foreach (TraceEvent e in trace.Events)
        {
            WriteEvent(e);
            yield return Drain();
        }
        foreach (bool step in WriteFlows().Concat(WriteReadsInFlight()))
        {
            yield return step;
        }
        _json.WriteEndArray();
        _json.WriteStartObject("otherData");
        _json.WriteString("model", trace.Model);
        _json.WriteNumber("dropped", trace.Dropped);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Flush();
    }

    public void Dispose() => _json.Dispose();

    private static int Thread(in TraceEvent e) => e.Kind switch
    {
        TraceKind.Load when e.Lane == TraceEvent.NoSlot => RowLane,
        TraceKind.Load or TraceKind.LoadSubmit => FirstSlotLane + Math.Max(0, Math.Min(e.Lane, int.MaxValue - FirstSlotLane)),
        TraceKind.Request => FirstSequenceLane + Math.Min((int)e.Sequence, MostSequenceLanes - 1),
        TraceKind.Token or TraceKind.Prompt => 2,
        TraceKind.Evict => 4,
        _ => 3,
    };

    private void WriteNames()
    {
        WriteName("process_name", 0, "LayerStream " + trace.Model);
        int order = 0;
        foreach (int thread in trace.Events.Where(e => e.Kind == TraceKind.Request).Select(e => Thread(e)).Distinct().Order())
        {
            WriteName("thread_name", thread, string.Create(CultureInfo.InvariantCulture, $"sequence {thread - FirstSequenceLane}"));
            WriteOrder(thread, order++);
        }
        foreach ((int thread, string name) in s_lanes)
        {
            WriteName("thread_name", thread, name);
            WriteOrder(thread, order++);
        }
        foreach (
            int thread in trace.Events.Where(e => e.Kind is TraceKind.Load or TraceKind.LoadSubmit).Select(e =>
                Thread(e)).Distinct().Order())
        {
            WriteName("thread_name", thread, thread == RowLane ? "I/O rows"
                : string.Create(CultureInfo.InvariantCulture, $"I/O slot {thread - FirstSlotLane}"));
            WriteOrder(thread, order++);
        }
    }

    private void WriteName(string what, int thread, string name)
    {
        Begin(what, "M", thread);
        _json.WriteStartObject("args");
        _json.WriteString("name", name);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WriteOrder(int thread, int order)
    {
        Begin("thread_sort_index", "M", thread);
        _json.WriteStartObject("args");
        _json.WriteNumber("sort_index", order);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WriteEvent(in TraceEvent e)
    {
        bool isInstant = e.Kind == TraceKind.LoadSubmit;
        Begin(Title(e), isInstant ? "i" : "X", Thread(e));
        _json.WriteString("cat", e.Kind.ToString().ToLowerInvariant());
        _json.WriteNumber("ts", Micros(e.StartTicks));
        if (isInstant)
        {
            _json.WriteString("s", "t");
        }
        else
        {
            _json.WriteNumber("dur", Round((e.EndOrStartTicks - e.StartTicks) * 1e6 / trace.TicksPerSecond));
        }
        _json.WriteStartObject("args");
        _json.WriteNumber("pass", e.Pass);
        _json.WriteNumber("lane", e.Lane);
        if (e.Tile >= 0)
        {
            _json.WriteString("tile", trace.TileName(e.Tile));
            _json.WriteNumber("layer", trace.TileLayer(e.Tile));
        }
        if (e.Bytes > 0)
        {
            _json.WriteNumber("bytes", e.Bytes);
        }
        if (e.Rows > 0)
        {
            _json.WriteNumber(e.Kind == TraceKind.Request ? "tokens" : "rows", e.Rows);
        }
        if (e.Sequence > 0)
        {
            _json.WriteNumber("sequence", e.Sequence);
        }
        if (e.Reason != StallReason.None)
        {
            _json.WriteString("reason", e.Reason.Name());
        }
        if (e.IsPredicted)
        {
            _json.WriteBoolean("predicted", true);
        }
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private string Title(in TraceEvent e) => e.Kind switch
    {
        TraceKind.Token => string.Create(CultureInfo.InvariantCulture, $"token {e.Pass}"),
        TraceKind.Prompt => string.Create(CultureInfo.InvariantCulture, $"prompt pass {e.Pass}"),
        TraceKind.Request => "request",
        TraceKind.Sample => "sample",
        TraceKind.Wait => $"wait: {e.Reason.Name()}",
        TraceKind.Compute when e.Tile < 0 => "compute",
        TraceKind.LoadSubmit => "submit " + trace.TileName(e.Tile),
        _ => trace.TileName(e.Tile),
    };

    // One arrow per tile and pass: it starts where the read ends and goes through every use to the eviction.
    private IEnumerable<bool> WriteFlows()
    {
        int[] order = _order.Flows;
        for (int first = 0, end; first < order.Length; first = end)
        {
            (int Pass, int Tile) key = (trace.Events[order[first]].Pass, trace.Events[order[first]].Tile);
            end = first + 1;
            while (end < order.Length && (trace.Events[order[end]].Pass, trace.Events[order[end]].Tile) == key)
            {
                end++;
            }

            int start = first;
            while (start < end && trace.Events[order[start]].Kind != TraceKind.Load)
            {
                start++;
            }

            for (int i = start; i < end && end - start > 1; i++)
            {
                WriteFlow(trace.Events[order[i]], isFirst: i == start, isLast: i == end - 1);
                yield return Drain();
            }
        }
    }

    private void WriteFlow(in TraceEvent e, bool isFirst, bool isLast)
    {
        Begin("tile", isFirst ? "s" : isLast ? "f" : "t", Thread(e));
        _json.WriteString("cat", "tile");
        _json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"0x{((long)e.Pass << 32) | (uint)e.Tile:x}"));
        // inside the slice it is bound to: just before the end of the read, at the start of the others
        _json.WriteNumber("ts", isFirst ? Math.Max(Micros(e.StartTicks), Round(Micros(e.EndOrStartTicks) - 0.001)) : Micros(e.StartTicks));
        if (isLast)
        {
            _json.WriteString("bp", "e");
        }
        _json.WriteEndObject();
    }

    private IEnumerable<bool> WriteReadsInFlight()
    {
        int[] starts = _order.LoadStarts, ends = _order.LoadEnds;
        int started = 0, ended = 0;
        while (ended < ends.Length)
        {
            long moment = trace.Events[ends[ended]].EndTicks;
            moment = started < starts.Length ? Math.Min(moment, trace.Events[starts[started]].StartTicks) : moment;
            while (started < starts.Length && trace.Events[starts[started]].StartTicks == moment)
            {
                started++;
            }
            while (ended < ends.Length && trace.Events[ends[ended]].EndTicks == moment)
            {
                ended++;
            }
            Begin("reads in flight", "C", 0);
            _json.WriteNumber("ts", Micros(moment));
            _json.WriteStartObject("args");
            _json.WriteNumber("reads", started - ended);
            _json.WriteEndObject();
            _json.WriteEndObject();
            yield return Drain();
        }
    }

    private void Begin(string name, string phase, int thread)
    {
        _json.WriteStartObject();
        _json.WriteString("name", name);
        _json.WriteString("ph", phase);
        _json.WriteNumber("pid", Process);
        _json.WriteNumber("tid", thread);
    }

    private double Micros(long ticks) => Round((ticks - _origin) * 1e6 / trace.TicksPerSecond);

    private static double Round(double micros) => Math.Round(micros, 3);

    private bool Drain()
    {
        bool isFull = _json.BytesPending > FlushBytes;
        if (isFull)
        {
            _json.Flush();
        }

        return isFull;
    }
}
