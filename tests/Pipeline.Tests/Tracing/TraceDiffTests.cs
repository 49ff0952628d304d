using LayerStream.Actors.Tracing;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceDiffTests
{
    [Fact]
    public void Between_OneTokenAPassAndFour_ComparesTokens()
    {
        TraceDiffFigures figures = TraceDiff.Between(Pass(100_000, 1), Pass(200_000, 4)).Figures;
        Assert.Equal((100, 50), (figures.BeforeMs, figures.AfterMs));
        Assert.Equal((90, 45), (figures.Stages.Single(t => t.Stage == "compute").BeforeMs,
            figures.Stages.Single(t => t.Stage == "compute").AfterMs));

        static TraceFile Pass(long ticks, ushort tokens) => TraceSample.File(
            TraceSample.Event(TraceKind.Compute, 0, ticks / 10 * 9),
            TraceSample.Event(TraceKind.Sample, ticks / 10 * 9, ticks) with { Rows = tokens },
            TraceSample.Event(TraceKind.Token, 0, ticks));
    }

    [Fact]
    public void Between_SlowerReads_NamesTheWaitAndItsShare()
    {
        TraceDiff diff = TraceDiff.Between(TraceSample.Request(20, computeTicks: 100, loadTicks: 50),
            TraceSample.Request(20, computeTicks: 100, loadTicks: 300));
        StageChange top = diff.Figures.Stages[0];
        Assert.Equal("wait: prefetch late", top.Stage);
        Assert.InRange(top.Share, 0.95, 1.1);
        Assert.Contains("wait: prefetch late went from 0.0 to", diff.Figures.Summary, StringComparison.Ordinal);
        Assert.Contains("% of the change", diff.Render(), StringComparison.Ordinal);
        Assert.True(diff.Figures.Layers[0].AfterMs > diff.Figures.Layers[0].BeforeMs);
    }

    [Fact]
    public void Between_SlowerArithmetic_NamesCompute()
    {
        TraceDiff diff = TraceDiff.Between(TraceSample.Request(20, computeTicks: 100, loadTicks: 5),
            TraceSample.Request(20, computeTicks: 200, loadTicks: 5));
        Assert.Equal("compute", diff.Figures.Stages[0].Stage);
        Assert.Contains("compute went from 0.3 to 0.6 ms", diff.Figures.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_StagesOfAPass_AddUpToTheChangeOfTheWall()
    {
        TraceDiffFigures figures = TraceDiff.Between(TraceSample.Request(7, 90, 120), TraceSample.Request(9, 140, 60)).Figures;
        Assert.Equal(figures.AfterMs - figures.BeforeMs, figures.Stages.Sum(s => s.AfterMs - s.BeforeMs), 6);
        Assert.Equal(1, figures.Stages.Sum(s => s.Share), 6);
    }

    [Fact]
    public void Between_TheSameTrace_SaysThatNothingChanged()
    {
        TraceFile trace = TraceSample.Request(5, 20, 30);
        Assert.EndsWith("no stage changed much", TraceDiff.Between(trace, trace).Figures.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Between_RunsOfOtherSettings_NamesWhatDiffers()
    {
        TraceFile before = TraceSample.Request(5, 20, 30) with { Model = "a", BudgetBytes = 160 << 20, Depth = 4 };
        TraceDiff diff = TraceDiff.Between(before, before with { Model = "b", BudgetBytes = 192 << 20, Depth = 8 });
        Assert.Equal(["the model: a → b", "the memory budget: 160 → 192 MiB", "the prefetch depth: 4 → 8"], diff.Figures.Differences);
        Assert.Contains("what differs: the model: a → b; ", diff.Render(), StringComparison.Ordinal);
        Assert.Empty(TraceDiff.Between(before, before).Figures.Differences);
    }

    [Fact]
    public void Between_TraceWithoutPass_NamesIt() =>
        Assert.Contains("second", Assert.Throws<InvalidDataException>(() =>
            TraceDiff.Between(TraceSample.Request(5, 20, 30), TraceSample.File())).Message, StringComparison.Ordinal);
}
