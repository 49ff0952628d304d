using System.Buffers.Binary;
using System.Text.Json;

namespace LayerStream.Actors.Tracing;

/// <summary>Bytes of a trace file; the layout is described at <see cref="TraceFile"/>.</summary>
internal static class TraceFormat
{
    public const int EventBytes = 40;
    private const int PrefixBytes = 12;
    private const int MaxHeaderBytes = 64 << 20;
    private const int EventsPerBlock = 4096;

    public static void Save(TraceFile trace, string path)
    {
        for (int i = 0; i < trace.Events.Length; i++)
        {
            if (TraceFile.Fault(trace.Events[i], trace.TileNames.Length) is { } fault)
            {
                throw new ArgumentException($"Event {i} cannot be saved: {fault}.", nameof(trace));
            }
        }
        byte[] header = WriteHeader(trace);
        using FileStream file = File.Create(path);
        byte[] prefix = new byte[PrefixBytes];
        "LSTR"u8.CopyTo(prefix);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix.AsSpan(4), TraceFile.CurrentVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(prefix.AsSpan(8), (uint)header.Length);
        file.Write(prefix);
        file.Write(header);
        byte[] block = new byte[EventsPerBlock * EventBytes];
        BinaryPrimitives.WriteInt64LittleEndian(block, trace.Events.Length);
        file.Write(block, 0, 8);
        for (int first = 0; first < trace.Events.Length; first += EventsPerBlock)
        {
            int count = Math.Min(EventsPerBlock, trace.Events.Length - first);
            for (int i = 0; i < count; i++)
            {
                WriteEvent(block.AsSpan(i * EventBytes, EventBytes), trace.Events[first + i]);
            }
            file.Write(block, 0, count * EventBytes);
        }
    }

    public static TraceFile Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        Source source = new(file, path);
        byte[] prefix = source.Read(PrefixBytes, "the first 12 bytes");
        source.Require(prefix.AsSpan(0, 4).SequenceEqual("LSTR"u8), 0, "this is not a LayerStream trace (magic \"LSTR\" is missing)");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(4));
        source.Require(version == TraceFile.CurrentVersion, 4, $"version {version} is not known (this program reads {TraceFile.CurrentVersion})");
        uint headerLength = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(8));
        source.Require(headerLength <= MaxHeaderBytes, 8, $"the header claims {headerLength} bytes (at most {MaxHeaderBytes})");
        TraceFile trace = ReadHeader(source, source.Read((int)headerLength, "the header"));
        long countAt = source.Offset;
        long count = BinaryPrimitives.ReadInt64LittleEndian(source.Read(8, "the number of events"));
        source.Require(
            count >= 0 && count == source.Remaining / EventBytes && source.Remaining % EventBytes == 0 && count <= Array.MaxLength / EventBytes,
            countAt, $"{count} events are claimed, but {source.Remaining} bytes follow ({EventBytes} each)");
        TraceEvent[] events = new TraceEvent[count];
        for (int first = 0; first < count; first += EventsPerBlock)
        {
            int length = (int)Math.Min(EventsPerBlock, count - first);
            long blockAt = source.Offset;
            byte[] block = source.Read(length * EventBytes, "events");
            for (int i = 0; i < length; i++)
            {
                events[first + i] = ReadEvent(block.AsSpan(i * EventBytes, EventBytes), source, blockAt + (i * EventBytes), trace.TileNames.Length);
            }
        }
        return trace with { Events = events };
    }

    private static byte[] WriteHeader(TraceFile trace)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteString("model", trace.Model);
            json.WriteNumber("ticksPerSecond", trace.TicksPerSecond);
            json.WriteNumber("anchorTicks", trace.AnchorTicks);
            json.WriteNumber("anchorUnixNanos", trace.AnchorUnixNanos);
            json.WriteNumber("deviceBytesPerSecond", trace.DeviceBytesPerSecond);
            json.WriteNumber("budgetBytes", trace.BudgetBytes);
            json.WriteNumber("depth", trace.Depth);
            json.WriteNumber("dropped", trace.Dropped);
            json.WriteNumber("firstExpertTile", trace.FirstExpertTile);
            json.WriteStartArray("tileNames");
            foreach (string name in trace.TileNames)
            {
                json.WriteStringValue(name);
            }
            json.WriteEndArray();
            json.WriteStartArray("tileLayers");
            foreach (int layer in trace.TileLayers)
            {
                json.WriteNumberValue(layer);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        byte[] header = bytes.ToArray();
        if (trace.TileNames.Length != trace.TileLayers.Length || trace.TicksPerSecond <= 0 || header.Length > MaxHeaderBytes)
        {
            throw new ArgumentException("A trace needs a layer per tile name, a positive tick rate and a header of at most 64 MiB.", nameof(trace));
        }
        return header;
    }

    private static TraceFile ReadHeader(Source source, byte[] header)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 4 });
            JsonElement root = document.RootElement;
            TraceFile trace = new()
            {
                Model = Text(root.GetProperty("model")),
                TicksPerSecond = root.GetProperty("ticksPerSecond").GetInt64(),
                AnchorTicks = root.GetProperty("anchorTicks").GetInt64(),
                AnchorUnixNanos = root.GetProperty("anchorUnixNanos").GetInt64(),
                DeviceBytesPerSecond = root.GetProperty("deviceBytesPerSecond").GetDouble(),
                BudgetBytes = root.GetProperty("budgetBytes").GetInt64(),
                Depth = root.GetProperty("depth").GetInt32(),
                Dropped = root.GetProperty("dropped").GetInt64(),
                FirstExpertTile = root.TryGetProperty("firstExpertTile", out JsonElement first) ? first.GetInt32() : -1,
                TileNames = [.. root.GetProperty("tileNames").EnumerateArray().Select(Text)],
                TileLayers = [.. root.GetProperty("tileLayers").EnumerateArray().Select(e => e.GetInt32())],
            };
            source.Require(trace.TicksPerSecond > 0, PrefixBytes, $"ticksPerSecond is {trace.TicksPerSecond}");
            source.Require(trace.TileNames.Length == trace.TileLayers.Length, PrefixBytes,
                $"there are {trace.TileNames.Length} tile names but {trace.TileLayers.Length} tile layers");
            source.Require(double.IsFinite(trace.DeviceBytesPerSecond) && trace.DeviceBytesPerSecond >= 0, PrefixBytes, "deviceBytesPerSecond is not a rate");
            source.Require(trace.BudgetBytes >= 0 && trace.Depth >= 0 && trace.Dropped >= 0, PrefixBytes, "budget, depth or dropped is negative");
            return trace;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw source.Fault(PrefixBytes, $"the header is not as it should be: {e.Message}", e);
        }
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new FormatException("a string is null");

    private static void WriteEvent(Span<byte> to, in TraceEvent e)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, e.StartTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], e.EndTicks);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], e.Tile);
        BinaryPrimitives.WriteInt32LittleEndian(to[20..], e.Pass);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], e.Lane);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], e.Bytes);
        to[32] = (byte)e.Kind;
        to[33] = (byte)e.Reason;
        to[34] = e.IsPredicted ? (byte)1 : (byte)0;
        to[35..40].Clear();
    }

    private static TraceEvent ReadEvent(ReadOnlySpan<byte> from, Source source, long offset, int tiles)
    {
        TraceEvent e = new()
        {
            StartTicks = BinaryPrimitives.ReadInt64LittleEndian(from),
            EndTicks = BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            Tile = BinaryPrimitives.ReadInt32LittleEndian(from[16..]),
            Pass = BinaryPrimitives.ReadInt32LittleEndian(from[20..]),
            Lane = BinaryPrimitives.ReadInt32LittleEndian(from[24..]),
            Bytes = BinaryPrimitives.ReadInt32LittleEndian(from[28..]),
            Kind = (TraceKind)from[32],
            Reason = (StallReason)from[33],
            IsPredicted = from[34] == 1,
        };
        string? fault = from[34] > 1 || from[35..40].ContainsAnyExcept((byte)0) ? "reserved bytes are not zero" : TraceFile.Fault(e, tiles);
        return fault is null ? e : throw source.Fault(offset, fault, null);
    }

    private sealed class Source(FileStream file, string path)
    {
        private readonly long _length = file.Length;

        public long Offset { get; private set; }

        public long Remaining => _length - Offset;

        public byte[] Read(int count, string what)
        {
            Require(count <= Remaining, Offset, $"{what} should take {count} bytes, but {Remaining} are left");
            byte[] bytes = new byte[count];
            Require(file.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count, Offset, $"the file ended while {what} were read");
            Offset += count;
            return bytes;
        }

        public void Require(bool holds, long offset, string message)
        {
            if (!holds)
            {
                throw Fault(offset, message, null);
            }
        }

        public InvalidDataException Fault(long offset, string message, Exception? cause)
        {
            InvalidDataException fault = new($"{path}: offset {offset}: {message}.", cause);
            fault.Data["Offset"] = offset;
            return fault;
        }
    }
}
