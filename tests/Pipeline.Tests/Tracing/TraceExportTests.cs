using System.Globalization;
using System.Text;
using System.Text.Json;
using LayerStream.Actors.Tracing;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceExportTests
{
    [Fact]
    public void Chrome_EveryEvent_HasTheFieldsOfItsPhase()
    {
        foreach (JsonElement e in Chrome(TraceSample.Request(5, 20, 30)))
        {
            string phase = e.GetProperty("ph").GetString()!;
            Assert.Contains(phase, (string[])["M", "X", "i", "s", "t", "f", "C"]);
            Assert.Equal(1, e.GetProperty("pid").GetInt32());
            Assert.True(e.GetProperty("tid").GetInt32() >= 0);
            Assert.NotEmpty(e.GetProperty("name").GetString()!);
            if (phase != "M")
            {
                Assert.True(e.GetProperty("ts").GetDouble() >= 0);
            }
            if (phase == "X")
            {
                Assert.True(e.GetProperty("dur").GetDouble() >= 0);
            }
            if (phase is "s" or "t" or "f")
            {
                Assert.StartsWith("0x", e.GetProperty("id").GetString(), StringComparison.Ordinal);
                Assert.Equal("tile", e.GetProperty("cat").GetString());
            }
        }
    }

    [Fact]
    public void Fio_Reads_AreThoseOfTheRunInPagesAndPieces()
    {
        TraceFile trace = TraceSample.File(
            TraceSample.Event(TraceKind.Load, 300, 400, tile: 2, bytes: 1),
            TraceSample.Event(TraceKind.Load, 100, 200, tile: 0, bytes: 8000),
            TraceSample.Event(TraceKind.Load, 200, 300, tile: 1, bytes: 96)) with
        { FirstExpertTile = 2 };
        using MemoryStream output = new();
        TraceExport.Fio(trace, output);
        string[] lines = Encoding.UTF8.GetString(output.ToArray()).TrimEnd().Split('\n');
        Assert.Equal(["fio version 2 iolog", "tiny.gguf add", "tiny.gguf open", "tiny.gguf read 4096 8192", "tiny.gguf read 16384 4096",
            "tiny.gguf read 40960 4096"], lines[..6]);
        Assert.Equal(["tiny.gguf read 0 4096", "tiny.gguf close"], lines[^2..]);
        string[][] pieces = [.. lines[6..^2].Select(l => l.Split(' '))];
        Assert.Equal(3, pieces.Length);
        Assert.Equal(49152, long.Parse(pieces[0][2], CultureInfo.InvariantCulture));
        Assert.Equal((50_000 + (12 << 20) + 4095) / 4096 * 4096, pieces.Sum(p => long.Parse(p[3], CultureInfo.InvariantCulture)) + 49152);
    }

    [Fact]
    public void Fio_WithoutReads_SaysWhy() =>
        Assert.Contains("no reads", Assert.Throws<InvalidDataException>(() => TraceExport.Fio(TraceSample.File(), Stream.Null)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Chrome_Lanes_AreNamed()
    {
        List<JsonElement> events = Chrome(TraceSample.Request(5, 20, 30));
        string[] names = [.. events.Where(e => e.GetProperty("name").GetString() == "thread_name")
            .Select(e => e.GetProperty("args").GetProperty("name").GetString()!)];
        Assert.Equal(["sequence 1", "passes", "compute", "evict", "I/O slot 0", "I/O slot 1"], names);
        int[] named = [.. events.Where(e => e.GetProperty("name").GetString() == "thread_name")
            .Select(e => e.GetProperty("tid").GetInt32())];
        Assert.All(events.Where(e => e.GetProperty("ph").GetString() == "X"), e => Assert.Contains(e.GetProperty("tid").GetInt32(), named));
        Assert.Equal("LayerStream tiny", events.Single(e => e.GetProperty("name").GetString() == "process_name").GetProperty("args")
            .GetProperty("name").GetString());
    }

    [Fact]
    public void Chrome_Flows_GoFromLoadOverComputeToEvict()
    {
        List<JsonElement> events = Chrome(TraceSample.Request(5, 20, 30));
        JsonElement[] slices = [.. events.Where(e => e.GetProperty("ph").GetString() == "X")];
        var flows = events.Where(e => e.TryGetProperty("id", out _)).GroupBy(e => e.GetProperty("id").GetString()).ToList();
        Assert.Equal(15, flows.Count);
        foreach (var flow in flows)
        {
            Assert.Equal(["s", "t", "f"], flow.Select(e => e.GetProperty("ph").GetString()));
            Assert.Equal(flow.Select(e => e.GetProperty("ts").GetDouble()).Order(), flow.Select(e => e.GetProperty("ts").GetDouble()));
            string[] kinds = [.. flow.Select(arrow => slices.Single(s =>
                s.GetProperty("tid").GetInt32() == arrow.GetProperty("tid").GetInt32() &&
                s.GetProperty("ts").GetDouble() <= arrow.GetProperty("ts").GetDouble() &&
                arrow.GetProperty("ts").GetDouble() < s.GetProperty("ts").GetDouble() + s.GetProperty("dur").GetDouble()).GetProperty("cat")
                    .GetString()!)];
            Assert.Equal(["load", "compute", "evict"], kinds);
        }
    }

    [Fact]
    public void Chrome_PinnedTile_HasNoFlow()
    {
        List<JsonElement> events = Chrome(TraceSample.File(TraceSample.Event(TraceKind.Compute, 5, 9, tile: 0),
            TraceSample.Event(TraceKind.Compute, 9, 12, tile: 0)));
        Assert.DoesNotContain(events, e => e.TryGetProperty("id", out _));
    }

    [Fact]
    public void Chrome_Counter_FollowsReadsInFlight()
    {
        List<JsonElement> events = Chrome(TraceSample.File(
            TraceSample.Event(TraceKind.Load, 0, 30, tile: 0),
            TraceSample.Event(TraceKind.Load, 10, 30, tile: 1, lane: 1),
            TraceSample.Event(TraceKind.Load, 30, 40, tile: 2)));
        Assert.Equal(
            [(0.0, 1), (10, 2), (30, 1), (40, 0)],
            events.Where(e => e.GetProperty("ph").GetString() == "C")
                .Select(e => (e.GetProperty("ts").GetDouble(), e.GetProperty("args").GetProperty("reads").GetInt32())));
    }

    [Fact]
    public void Chrome_NamesWithQuotes_StayValidJson()
    {
        TraceFile trace = TraceSample.Token17() with { Model = "a\"b\\\n</script>", TileNames = ["\"", "\u0001", "é"] };
        Assert.NotEmpty(Chrome(trace));
        Assert.NotEmpty(Otlp(trace));
        Assert.NotEmpty(Chrome(TraceSample.File()));
    }

    [Fact]
    public void Otlp_Spans_HaveIdsTimesAndParents()
    {
        TraceFile trace = TraceSample.Request(100, 20, 30);
        List<JsonElement> spans = Otlp(trace);
        Assert.Equal(trace.Events.Length, spans.Count);
        Dictionary<string, JsonElement> byId = spans.ToDictionary(s => s.GetProperty("spanId").GetString()!);
        foreach (JsonElement span in spans)
        {
            Assert.Matches("^[0-9a-f]{32}$", span.GetProperty("traceId").GetString());
            Assert.Matches("^[0-9a-f]{16}$", span.GetProperty("spanId").GetString());
            ulong start = ulong.Parse(span.GetProperty("startTimeUnixNano").GetString()!, CultureInfo.InvariantCulture);
            ulong end = ulong.Parse(span.GetProperty("endTimeUnixNano").GetString()!, CultureInfo.InvariantCulture);
            Assert.InRange(start, 1_700_000_000_000_000_000UL, end);
            string name = span.GetProperty("name").GetString()!;
            if (name == "layerstream.request")
            {
                Assert.False(span.TryGetProperty("parentSpanId", out _));
                continue;
            }
            JsonElement parent = byId[span.GetProperty("parentSpanId").GetString()!];
            Assert.Equal(span.GetProperty("traceId").GetString(), parent.GetProperty("traceId").GetString());
            string expected = name is "layerstream.token" or "layerstream.prompt" ? "request" : "token|prompt";
            Assert.Matches($"^layerstream\\.({expected})$", parent.GetProperty("name").GetString());
        }
    }

    [Fact]
    public void Otlp_Attributes_CarryTileAndReason()
    {
        JsonElement wait = Otlp(TraceSample.Token17()).Single(s => s.GetProperty("name").GetString() == "layerstream.wait");
        Dictionary<string, JsonElement> attributes = wait.GetProperty("attributes").EnumerateArray()
            .ToDictionary(a => a.GetProperty("key").GetString()!, a => a.GetProperty("value"));
        Assert.Equal("blk.31.ffn_up", attributes["layerstream.tile"].GetProperty("stringValue").GetString());
        Assert.Equal("31", attributes["layerstream.layer"].GetProperty("intValue").GetString());
        Assert.Equal("disk_prefetch_late", attributes["layerstream.stall.reason"].GetProperty("stringValue").GetString());
        Assert.Equal("1700000001640000000", wait.GetProperty("startTimeUnixNano").GetString());
    }

    private static List<JsonElement> Chrome(TraceFile trace)
    {
        using MemoryStream stream = new();
        TraceExport.Chrome(trace, stream);
        return [.. JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("traceEvents").EnumerateArray()];
    }

    private static List<JsonElement> Otlp(TraceFile trace)
    {
        using MemoryStream stream = new();
        TraceExport.Otlp(trace, stream);
        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.SelectMany(line => JsonDocument.Parse(line).RootElement.GetProperty("resourceSpans").EnumerateArray())
            .SelectMany(r => r.GetProperty("scopeSpans").EnumerateArray()).SelectMany(s => s.GetProperty("spans").EnumerateArray())];
    }
}
