using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace LayerStream.Actors.Tracing;

/// <summary>
/// Writes OTLP in its JSON encoding, a request per line: ids are lower-case hex, 64-bit integers are strings. A request is a trace;
/// passes hang below it and everything else below its pass.
/// </summary>
internal sealed class OtlpTraceWriter
{
    private const int SpansPerLine = 512;
    private readonly TraceFile _trace;
    private readonly Stream _output;
    private readonly TraceEvent[] _requests; // by first pass
    private readonly Dictionary<int, int> _passes = []; // pass -> event index of its token or prompt interval
    private readonly Dictionary<int, int> _requestEvents = []; // index into _requests -> event index

    public OtlpTraceWriter(TraceFile trace, Stream output)
    {
        _trace = trace;
        _output = output;
        int[] indices = [.. Enumerable.Range(0, trace.Events.Length)
            .Where(i => trace.Events[i].Kind == TraceKind.Request).OrderBy(i => trace.Events[i].Pass)
            .ThenBy(i => trace.Events[i].StartTicks)];
        _requests = [.. indices.Select(i => trace.Events[i])];
        for (int i = 0; i < indices.Length; i++)
        {
            _requestEvents[i] = indices[i];
        }
        for (int i = 0; i < trace.Events.Length; i++)
        {
            if (trace.Events[i].Kind is TraceKind.Token or TraceKind.Prompt)
            {
                _passes[trace.Events[i].Pass] = i;
            }
        }
    }

    /// <summary>Writes everything, a span with every step.</summary>
    public IEnumerable<bool> Steps()
    {
        for (int first = 0; first < _trace.Events.Length; first += SpansPerLine)
        {
            using (Utf8JsonWriter json = new(_output))
            {
                BeginLine(json);
                for (int i = first; i < Math.Min(first + SpansPerLine, _trace.Events.Length); i++)
                {
                    WriteSpan(json, i);
                    json.Flush();
                    yield return true;
                }

                EndLine(json);
            }
            _output.WriteByte((byte)'\n');
        }
    }

    private void BeginLine(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("resourceSpans");
        json.WriteStartObject();
        json.WriteStartObject("resource");
        json.WriteStartArray("attributes");
        WriteAttribute(json, "service.name", "layerstream");
        WriteAttribute(json, "layerstream.model", _trace.Model);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("scopeSpans");
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", "LayerStream");
        json.WriteEndObject();
        json.WriteStartArray("spans");
    }

    private static void EndLine(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteSpan(Utf8JsonWriter json, int index)
    {
        TraceEvent e = _trace.Events[index];
        int parent = -1;
        int request = RequestOf(e);
        if (_passes.TryGetValue(e.Pass, out int pass) && e.Kind is not (TraceKind.Request or TraceKind.Token or TraceKind.Prompt))
        {
            parent = pass;
            request = RequestOf(_trace.Events[pass]); // a read ahead belongs to the pass it is for
        }
        else if (e.Kind is not TraceKind.Request && request >= 0)
        {
            parent = _requestEvents[request];
        }
        json.WriteStartObject();
        json.WriteString("traceId", TraceId(request));
        json.WriteString("spanId", SpanId(index));
        if (parent >= 0)
        {
            json.WriteString("parentSpanId", SpanId(parent));
        }
        json.WriteString("name", "layerstream." + e.Kind.ToString().ToLowerInvariant());
        json.WriteNumber("kind", 1);
        json.WriteString("startTimeUnixNano", UnixNanos(e.StartTicks));
        json.WriteString("endTimeUnixNano", UnixNanos(e.EndOrStartTicks));
        json.WriteStartArray("attributes");
        WriteAttribute(json, "layerstream.pass", e.Pass);
        WriteAttribute(json, "layerstream.lane", e.Lane);
        if (e.Tile >= 0)
        {
            WriteAttribute(json, "layerstream.tile", _trace.TileName(e.Tile));
            WriteAttribute(json, "layerstream.layer", _trace.TileLayer(e.Tile));
        }
        if (e.Bytes > 0)
        {
            WriteAttribute(json, "layerstream.bytes", e.Bytes);
        }
        if (e.Rows > 0)
        {
            WriteAttribute(json, e.Kind == TraceKind.Request ? "layerstream.tokens" : "layerstream.rows", e.Rows);
        }
        if (e.Sequence > 0)
        {
            WriteAttribute(json, "layerstream.sequence", e.Sequence);
        }
        if (e.Reason != StallReason.None)
        {
            WriteAttribute(json, "layerstream.stall.reason", e.Reason.Name());
        }
        if (e.IsPredicted)
        {
            WriteAttribute(json, "layerstream.predicted", 1);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    // The last request whose first pass is this one or an earlier one, and that has not ended by then; -1 = none. Not by time alone: a
    // request that waits for its turn shares time with the passes of others.
    private int RequestOf(in TraceEvent e)
    {
        int low = 0;
        int high = _requests.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _requests[middle].Pass <= e.Pass ? (middle + 1, high) : (low, middle);
        }
        return low > 0 && _requests[low - 1].EndOrStartTicks >= e.StartTicks ? low - 1 : -1;
    }

    private string TraceId(int request) => Hex(Mix(_trace.AnchorUnixNanos, request + 2L)) + Hex(Mix(_trace.AnchorTicks, request + 2L));

    private string SpanId(int index) => Hex(Mix(_trace.AnchorUnixNanos ^ long.MinValue, index + 1L));

    private static string Hex(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Math.Max(1, value)); // all zero is not a valid id
        return Convert.ToHexStringLower(bytes);
    }

    // A bijection of the index for a given trace, so that ids of one trace never collide.
    private static ulong Mix(long trace, long index)
    {
        ulong z = unchecked((ulong)trace + ((ulong)index * 0x9E3779B97F4A7C15UL));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    private string UnixNanos(long ticks)
    {
        Int128 nanos = _trace.AnchorUnixNanos + ((Int128)(ticks - _trace.AnchorTicks) * 1_000_000_000 / _trace.TicksPerSecond);
        return ((ulong)Int128.Clamp(nanos, 0, ulong.MaxValue)).ToString(CultureInfo.InvariantCulture);
    }

    private static void WriteAttribute(Utf8JsonWriter json, string key, string value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteStartObject("value");
        json.WriteString("stringValue", value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAttribute(Utf8JsonWriter json, string key, long value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        json.WriteStartObject("value");
        json.WriteString("intValue", value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
