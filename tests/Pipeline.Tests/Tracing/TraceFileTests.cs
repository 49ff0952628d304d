using System.Buffers.Binary;
using LayerStream.Actors.Tracing;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.trace");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(2000)] // more than one block of events
    public void Save_ThenLoad_RoundTrips(int tokens)
    {
        TraceFile trace = TraceSample.Request(tokens, 10, 10) with { Dropped = 4 };
        trace.Save(_path);
        TraceFile back = TraceFile.Load(_path);
        Assert.Equal(trace.Events, back.Events);
        Assert.Equal(trace.TileNames, back.TileNames);
        Assert.Equal(trace.TileLayers, back.TileLayers);
        Assert.Equal(trace.Files, back.Files);
        Assert.Equal(trace.Reads.First, back.Reads.First);
        Assert.Equal(trace.Reads.Extents, back.Reads.Extents);
        Assert.Equal(trace with { Events = [], TileNames = [], TileLayers = [] },
            back with { Events = [], TileNames = [], TileLayers = [] }, SameFields);
    }

    [Fact]
    public void Report_OfPredictedReads_CountsWhatWasReadAheadAndWhatForNothing()
    {
        TraceEvent read = TraceSample.Event(TraceKind.Load, 100, 200, tile: 2, bytes: 3 << 20) with { IsPredicted = true };
        TraceEvent wrong = read with { Tile = 1, StartTicks = 200, EndTicks = 300 };
        TraceFile trace = TraceSample.File(
            read,
            wrong,
            wrong with { Kind = TraceKind.Evict, StartTicks = 400, EndTicks = 400, Bytes = 2 << 20 }, // a piece of it was withdrawn
            TraceSample.Event(TraceKind.Load, 400, 500, tile: 0, bytes: 1 << 20),
            TraceSample.Event(TraceKind.Compute, 500, 600, tile: 0),
            TraceSample.Event(TraceKind.Compute, 600, 700, tile: 2),
            TraceSample.Event(TraceKind.Token, 50, 800)) with
        { FirstExpertTile = 0 };
        trace.Save(_path);
        TraceFile back = TraceFile.Load(_path);
        Assert.Equal(trace.Events, back.Events);
        TraceReport report = TraceReport.From(back);
        PassFigures total = report.ToJson().Total!;
        Assert.Equal((6L << 20, 2L << 20, 2, 2), (total.PredictedBytes, total.PredictedBytesWasted, total.Experts, total.ExpertMisses));
        Assert.Contains("6 MiB of experts per token read before they were demanded, 2 MiB per token for nothing", report.Render(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EveryTruncation_ThrowsInvalidData()
    {
        TraceSample.Token17().Save(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        for (int length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(_path, bytes[..length]);
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path));
            Assert.Contains(_path, error.Message, StringComparison.Ordinal);
            Assert.Contains("offset ", error.Message, StringComparison.Ordinal);
            Assert.IsType<long>(error.Data["Offset"]);
        }
    }

    [Fact]
    public void Load_AnyByteFlipped_LoadsOrThrowsInvalidData()
    {
        TraceSample.Token17().Save(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        for (int i = 0; i < bytes.Length; i++)
        {
            foreach (byte flip in new byte[] { 0xFF, 0x01, 0x80 })
            {
                bytes[i] ^= flip;
                File.WriteAllBytes(_path, bytes);
                bytes[i] ^= flip;
                Exception? error = Record.Exception(() => TraceReport.From(TraceFile.Load(_path)).Render());
                Assert.True(error is null or InvalidDataException, $"byte {i}: {error}");
            }
        }
    }

    [Fact]
    public void Load_VersionOne_HasNoReads()
    {
        (TraceSample.Token17() with { Files = [], Reads = TileReads.None }).Save(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        bytes[4] = 1;
        File.WriteAllBytes(_path, bytes);
        TraceFile back = TraceFile.Load(_path);
        Assert.Equal((1, 0, 7), (back.Version, back.Reads.Extents.Length, back.Events.Length));
        Assert.Contains("older version", Assert.Throws<InvalidDataException>(() => TraceExport.Fio(back, Stream.Null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Save_SequencesAndRows_ComeBackAndAreRefusedInAnOlderVersion()
    {
        TraceEvent pass = TraceSample.Event(TraceKind.Prompt, 1, 2) with { Rows = 700, Sequence = 65535 };
        TraceSample.File(pass).Save(_path);
        Assert.Equal([pass], TraceFile.Load(_path).Events);
        byte[] bytes = File.ReadAllBytes(_path);
        bytes[4] = 2;
        File.WriteAllBytes(_path, bytes);
        Assert.Contains("reserved", Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RangeOfAFileThatIsNotNamed_ThrowsInvalidData()
    {
        (TraceSample.Token17() with { Files = [] }).Save(_path);
        Assert.Contains("ranges", Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "magic")]
    [InlineData(4, "version")]
    [InlineData(8, "header")]
    public void Load_DamagedPrefix_NamesWhatIsWrong(int at, string word)
    {
        TraceSample.Token17().Save(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), 0x7FFFFFFF);
        File.WriteAllBytes(_path, bytes);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.Equal((long)at, error.Data["Offset"]);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(1L << 40)]
    [InlineData(0)]
    public void Load_WrongEventCount_ThrowsWithoutAllocating(long count)
    {
        TraceFile trace = TraceSample.Token17();
        trace.Save(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        int countAt = bytes.Length - (trace.Events.Length * 40) - 8;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(countAt), count);
        File.WriteAllBytes(_path, bytes);
        Assert.Equal((long)countAt, Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path)).Data["Offset"]);
    }

    [Theory]
    [InlineData(32, 0)] // kind
    [InlineData(32, 10)]
    [InlineData(33, 8)] // reason
    [InlineData(19, 0x7F)] // tile
    [InlineData(23, 0x90)] // pass
    [InlineData(31, 0x80)] // bytes
    [InlineData(7, 0x40)] // start after end
    [InlineData(35, 1)] // reserved
    public void Load_DamagedEvent_NamesItsOffset(int at, byte value)
    {
        TraceFile trace = TraceSample.Token17();
        trace.Save(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        int eventAt = bytes.Length - 40;
        bytes[eventAt + at] = value;
        File.WriteAllBytes(_path, bytes);
        Assert.Equal((long)eventAt, Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path)).Data["Offset"]);
    }

    [Fact]
    public void Save_TileWithoutName_Throws()
    {
        TraceFile trace = TraceSample.File(TraceSample.Event(TraceKind.Load, 1, 2, tile: 3));
        Assert.Throws<ArgumentException>(() => trace.Save(_path));
        Assert.Throws<ArgumentException>(() => (trace with { Events = [], TileLayers = [1] }).Save(_path));
    }

    private static bool SameFields(TraceFile a, TraceFile b) =>
        (a.Version, a.Model, a.TicksPerSecond, a.AnchorTicks, a.AnchorUnixNanos, a.DeviceBytesPerSecond) ==
        (b.Version, b.Model, b.TicksPerSecond, b.AnchorTicks, b.AnchorUnixNanos, b.DeviceBytesPerSecond) &&
        (a.BudgetBytes, a.Depth, a.Dropped) == (b.BudgetBytes, b.Depth, b.Dropped);
}
