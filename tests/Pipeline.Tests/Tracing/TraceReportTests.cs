using System.Text.Json;
using LayerStream.Actors.Tracing;
using Xunit;
using static LayerStream.Pipeline.Tests.Tracing.TraceSample;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceReportTests
{
    [Fact]
    public void Render_OneToken_StartsWithTheSentence()
    {
        string text = TraceReport.From(Token17()).Render();
        Assert.StartsWith(
            "Token 17: 812 ms = 640 compute + 150 disk (blk.31.ffn_up, prefetch late) + 22 other; bound by disk; 93 % of the device's "
                + "limit",
            text.ReplaceLineEndings("\n").Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Render_AWait_SaysWhatItsNameMeans()
    {
        string text = TraceReport.From(Token17()).Render();
        Assert.Contains("the disk had not brought the next weights yet", text, StringComparison.Ordinal);
        Assert.All(Enum.GetValues<StallReason>()[1..], r => Assert.NotEqual("", StallReasonNames.Meaning(r.Name())));
    }

    [Fact]
    public void Render_PassesOfSeveralTokens_CountsTokensAndNotPasses()
    {
        TraceReport report = TraceReport.From(File(
            Event(TraceKind.Compute, 0, 90_000, tile: 0),
            Event(TraceKind.Sample, 90_000, 95_000) with { Rows = 2 },
            Event(TraceKind.Sample, 95_000, 100_000) with { Rows = 1 },
            Event(TraceKind.Token, 0, 100_000),
            Event(TraceKind.Compute, 100_000, 190_000, tile: 0, pass: 1),
            Event(TraceKind.Sample, 190_000, 200_000, pass: 1) with { Rows = 1 },
            Event(TraceKind.Token, 100_000, 200_000, pass: 1)));
        TraceFigures figures = report.ToJson();
        Assert.Equal((4, 2), (figures.Tokens, figures.DecodePasses));
        Assert.Equal(20, figures.TokensPerSecond, 1e-9);
        Assert.Contains("4 tokens in 2 passes, 20 tokens per second", report.Render(), StringComparison.Ordinal);
        Assert.Contains("of 100 ms a pass, arithmetic takes 90.0 ms", report.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Overlap_OneToken_FollowsTheFormula()
    {
        TraceReport report = TraceReport.From(Token17());
        Assert.Equal((790.0 + 640 - 812) / 640, report.OverlapShare, 1e-9);
        Assert.Equal(811.0 / 812, report.AttributedShare, 1e-9);
    }

    [Theory]
    [InlineData(100, 10)]
    [InlineData(10, 100)]
    [InlineData(50, 50)]
    public void AttributedShare_TiledPasses_IsOne(long compute, long load)
    {
        TraceReport report = TraceReport.From(Request(10, compute, load));
        Assert.Equal(1.0, report.AttributedShare, 1e-9);
        TraceFigures figures = report.ToJson();
        Assert.Equal(9, figures.Tokens);
        Assert.Equal(1, figures.Prompts);
        Assert.All(figures.Passes, p => Assert.Equal(p.WallMs, p.ComputeMs + p.SampleMs + p.StallMs.Values.Sum() + p.UnattributedMs, 1e-9));
    }

    [Fact]
    public void Render_DiskNeverIdle_SaysDepthCannotHelp()
    {
        TraceReport report = TraceReport.From(Request(10, 10, 1000));
        Assert.True(report.ToJson().DiskBound);
        Assert.Contains("disk-bound: depth cannot help", report.Render(), StringComparison.Ordinal);
        Assert.Equal("disk", report.ToJson().Total!.BoundBy);
    }

    [Fact]
    public void Render_ComputeBound_SaysSo()
    {
        TraceReport report = TraceReport.From(Request(10, 1000, 10));
        Assert.False(report.ToJson().DiskBound);
        Assert.Equal("compute", report.ToJson().Total!.BoundBy);
        Assert.DoesNotContain("depth cannot help", report.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void From_OverlappingEvents_CountsNoMomentTwice()
    {
        PassFigures pass = Assert.Single(TraceReport.From(File(
            Event(TraceKind.Token, 0, 100_000),
            Event(TraceKind.Compute, -0, 60_000, tile: 0),
            Event(TraceKind.Compute, 10_000, 20_000, tile: 0), // inside the first
            Event(TraceKind.Wait, 50_000, 90_000, tile: 1, reason: StallReason.DiskDemand),
            Event(TraceKind.Wait, 95_000, 300_000, tile: 2, reason: StallReason.GcPause))).ToJson().Passes);
        Assert.Equal(60, pass.ComputeMs, 1e-9);
        Assert.Equal(30, pass.StallMs["disk_demand"], 1e-9);
        Assert.Equal(5, pass.StallMs["gc_pause"], 1e-9);
        Assert.Equal(5, pass.UnattributedMs, 1e-9);
    }

    [Fact]
    public void Load_OverlappingReads_IsTheClippedUnion()
    {
        PassFigures pass = Assert.Single(TraceReport.From(File(
            Event(TraceKind.Load, 0, 30_000, tile: 0, bytes: 3000),
            Event(TraceKind.Load, 20_000, 50_000, tile: 1, bytes: 3000),
            Event(TraceKind.Load, 25_000, 28_000, tile: 2, bytes: 3000),
            Event(TraceKind.Load, 80_000, 200_000, tile: 0, bytes: 12_000),
            Event(TraceKind.Token, 10_000, 100_000))).ToJson().Passes);
        Assert.Equal(60, pass.LoadMs, 1e-9);
        Assert.Equal(2000 + 3000 + 3000 + 2000, pass.LoadedBytes, 1e-6);
    }

    [Fact]
    public void Sentence_ManyTokens_TellsOfTheMedian()
    {
        TraceEvent[] tokens = [.. Enumerable.Range(0, 9)
            .Select(i => Event(TraceKind.Token, i * 1_000_000, (i * 1_000_000) + ((i + 1) * 7000), pass: i))];
        Assert.StartsWith("Token 4: 35.0 ms = 0.0 compute + 35.0 other", TraceReport.From(File(tokens)).Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sentence_OtherStall_IsNamed()
    {
        string text = TraceReport.From(File(
            Event(TraceKind.Compute, 0, 100_000, tile: 0),
            Event(TraceKind.Wait, 100_000, 600_000, reason: StallReason.BudgetEvict),
            Event(TraceKind.Token, 0, 600_000, pass: 3)) with
        { DeviceBytesPerSecond = 0 }).Render();
        Assert.StartsWith("Token 3: 600 ms = 100 compute + 500 budget evict + 0 other; bound by budget evict", text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("limit", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_Waits_AreOrderedWithTheirTopTile()
    {
        IReadOnlyList<LayerFigures> layers = TraceReport.From(File(
            Event(TraceKind.Wait, 0, 10_000, tile: 0, reason: StallReason.DiskPrefetchLate),
            Event(TraceKind.Wait, 10_000, 40_000, tile: 1, reason: StallReason.DiskDemand),
            Event(TraceKind.Wait, 40_000, 45_000, tile: 2, reason: StallReason.DiskPrefetchLate),
            Event(TraceKind.Token, 0, 50_000))).ToJson().Layers;
        Assert.Equal([31, 30, -1], layers.Select(l => l.Layer));
        Assert.Equal("blk.31.ffn_up", layers[0].TopTile);
        Assert.Equal("disk_demand", layers[0].TopReason);
        Assert.Equal(30, layers[0].StallMsPerToken, 1e-9);
    }

    [Fact]
    public void From_RingThatDropped_LeavesOutPassesItHasNoWorkOf()
    {
        TraceFile full = Request(10, 10, 10);
        TraceReport report = TraceReport.From(full with { Events = full.Events[40..], Dropped = 40 });
        Assert.InRange(report.ToJson().Tokens, 3, 8);
        Assert.Equal(1.0, report.AttributedShare, 1e-9);
    }

    [Fact]
    public void From_NoPasses_StillRenders()
    {
        TraceReport report = TraceReport.From(File());
        Assert.StartsWith("No complete pass", report.Render(), StringComparison.Ordinal);
        Assert.Equal(0, report.AttributedShare);
        Assert.Equal(0, report.OverlapShare);
    }

    [Fact]
    public void ToJson_Serialized_HasTheFigures()
    {
        object figures = TraceReport.From(Token17()).ToJson();
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(figures));
        Assert.Equal(1, json.RootElement.GetProperty("Tokens").GetInt32());
        Assert.Equal(150, json.RootElement.GetProperty("Total").GetProperty("StallMs").GetProperty("disk_prefetch_late").GetDouble(), 1e-9);
    }
}
