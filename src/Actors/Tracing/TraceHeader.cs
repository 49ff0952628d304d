using System.Text.Json;
using LayerStream.Formats;

namespace LayerStream.Actors.Tracing;

/// <summary>The header of a trace file: what is needed to read its events, as JSON.</summary>
internal static class TraceHeader
{
    public static byte[] Write(TraceFile trace)
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
            WriteReads(json, trace);
            TuningHeader.Write(json, trace.DepthTuning, trace.TransientTuning);
            json.WriteEndObject();
        }
        byte[] header = bytes.ToArray();
        if (trace.TileNames.Length != trace.TileLayers.Length || trace.TicksPerSecond <= 0 || header.Length > TraceFormat.MaxHeaderBytes)
        {
            throw new ArgumentException("A trace needs a layer per tile name, a positive tick rate and a header of at most 64 MiB.",
                nameof(trace));
        }
        return header;
    }

    public static TraceFile Read(TraceFormat.Source source, byte[] header)
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
                Files = root.TryGetProperty("files", out JsonElement files) ? [.. files.EnumerateArray().Select(Text)] : [],
                Reads = root.TryGetProperty("reads", out JsonElement reads) ? ReadReads(reads) : TileReads.None,
                TileLayers = [.. root.GetProperty("tileLayers").EnumerateArray().Select(e => e.GetInt32())],
                DepthTuning = TuningHeader.ReadDepth(root),
                TransientTuning = TuningHeader.ReadTransients(root),
            };
            source.Require(trace.TicksPerSecond > 0, TraceFormat.PrefixBytes, $"ticksPerSecond is {trace.TicksPerSecond}");
            source.Require(trace.TileNames.Length == trace.TileLayers.Length, TraceFormat.PrefixBytes,
                $"there are {trace.TileNames.Length} tile names but {trace.TileLayers.Length} tile layers");
            source.Require(AreSound(trace), TraceFormat.PrefixBytes, "the ranges of the tiles are not as they should be");
            source.Require(double.IsFinite(trace.DeviceBytesPerSecond) && trace.DeviceBytesPerSecond >= 0, TraceFormat.PrefixBytes,
                "deviceBytesPerSecond is not a rate");
            source.Require(trace.BudgetBytes >= 0 && trace.Depth >= 0 && trace.Dropped >= 0, TraceFormat.PrefixBytes,
                "budget, depth or dropped is negative");
            return trace;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw source.Fault(TraceFormat.PrefixBytes, $"the header is not as it should be: {e.Message}", e);
        }
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new FormatException("a string is null");

    // Per tile one list of numbers: file, offset, length, and so on.
    private static void WriteReads(Utf8JsonWriter json, TraceFile trace)
    {
        json.WriteStartArray("files");
        foreach (string file in trace.Files)
        {
            json.WriteStringValue(file);
        }

        json.WriteEndArray();
        json.WriteStartArray("reads");
        for (int tile = 0; tile < trace.Reads.First.Length - 1; tile++)
        {
            json.WriteStartArray();
            foreach (Extent range in trace.Reads.Of(tile))
            {
                json.WriteNumberValue(range.File);
                json.WriteNumberValue(range.Offset);
                json.WriteNumberValue(range.Length);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static TileReads ReadReads(JsonElement reads)
    {
        List<int> first = [0];
        List<Extent> extents = [];
        foreach (JsonElement tile in reads.EnumerateArray())
        {
            if (tile.GetArrayLength() % 3 != 0)
            {
                throw new FormatException("the ranges of a tile are not numbers in threes");
            }

            for (int i = 0; i < tile.GetArrayLength(); i += 3)
            {
                extents.Add(new Extent(tile[i].GetInt32(), tile[i + 1].GetInt64(), tile[i + 2].GetInt64()));
            }

            first.Add(extents.Count);
        }

        return new TileReads([.. first], [.. extents]);
    }

    private static bool AreSound(TraceFile trace) =>
        trace.Reads.First.Length <= trace.TileNames.Length + 1
        && trace.Reads.Extents.All(e => (uint)e.File < (uint)trace.Files.Length && e.Offset >= 0 && e.Length >= 0
        && e.Offset <= long.MaxValue - e.Length - 4096);
}
