using LayerStream.Actors.Tracing;
using Xunit;
using static LayerStream.Pipeline.Tests.Tracing.TraceSample;

namespace LayerStream.Pipeline.Tests.Tracing;

public sealed class TraceAnswersTests
{
    [Fact]
    public void Answers_OfATraceThatWaitsForTheDisk_SayWhatMemoryBuysAndThatDepthCannotHelp()
    {
        TraceAnswers answers = Of(Request(10, computeTicks: 1000, loadTicks: 3000)); // a token: 9 ms reading, 3 ms computing
        Assert.StartsWith("the disk sets the pace: of 9.0", answers.Pace, StringComparison.Ordinal);
        Assert.Contains("tokens a second", answers.Memory, StringComparison.Ordinal);
        Assert.Contains("no longer waited for", answers.Memory, StringComparison.Ordinal);
        Assert.Contains("no other depth can help", answers.Depth, StringComparison.Ordinal);
        Assert.Contains("a token, mostly for", answers.Layer, StringComparison.Ordinal);
        Assert.StartsWith("the only one took", answers.Request, StringComparison.Ordinal);
        Assert.Contains("writing its answer", answers.Request, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_OfATraceBoundByArithmetic_SayThatMemoryBuysNextToNothing()
    {
        TraceAnswers answers = Of(File(
            Event(TraceKind.Load, 0, 30_000, tile: 0, bytes: 1 << 20),
            Event(TraceKind.Compute, 0, 99_000, tile: 0),
            Event(TraceKind.Wait, 99_000, 100_000, tile: 1, reason: StallReason.DiskPrefetchLate),
            Event(TraceKind.Token, 0, 100_000)));
        Assert.StartsWith("arithmetic sets the pace", answers.Pace, StringComparison.Ordinal);
        Assert.Contains("more memory buys next to nothing", answers.Memory, StringComparison.Ordinal);
        Assert.Contains("is enough", answers.Depth, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_OfAnIdleDiskThatIsWaitedFor_AskForDepth()
    {
        TraceFile trace = File(
            Event(TraceKind.Load, 0, 30_000, tile: 0, bytes: 1 << 20),
            Event(TraceKind.Wait, 0, 30_000, tile: 0, reason: StallReason.DiskPrefetchLate),
            Event(TraceKind.Compute, 30_000, 100_000, tile: 0),
            Event(TraceKind.Token, 0, 100_000));
        Assert.Contains("more than depth 2 would help", Of(trace).Depth, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_WithoutTokens_SaySo() => Assert.Equal("the trace holds no complete token", Of(File()).Pace);

    [Fact]
    public void Requests_ThatShareTime_HaveTheirOwnPassesAndQueue()
    {
        TraceFile trace = File(
            Event(TraceKind.Prompt, 1000, 3000, pass: 0) with { Rows = 30, Sequence = 1 },
            Event(TraceKind.Token, 3000, 4000, pass: 1) with { Rows = 1, Sequence = 1 },
            Event(TraceKind.Request, 1000, 4000, pass: 0) with { Rows = 2, Sequence = 1 },
            Event(TraceKind.Prompt, 4000, 5000, pass: 2) with { Rows = 7, Sequence = 1 },
            Event(TraceKind.Request, 1500, 5000, pass: 2) with { Rows = 1, Sequence = 1 }); // it came while the first had the turn
        IReadOnlyList<RequestTimes> requests = TraceReport.From(trace).ToJson().Requests;
        Assert.Equal([(0.0, 2.0, 1.0, 30, 2, "prompt"), (2.5, 1.0, 0.0, 7, 1, "queue")],
            requests.Select(r => (r.QueuedMs, r.PromptMs, r.DecodeMs, r.PromptRows, r.Tokens, r.MostlyIn)));
        Assert.Contains("the longest of 2, from pass 2 on,", Of(trace).Request, StringComparison.Ordinal);
        Assert.Contains("waiting for its turn", Of(trace).Request, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_WhoseFirstPassesAreOverwritten_IsNotSaidToHaveQueued()
    {
        TraceFile trace = File(
            Event(TraceKind.Token, 90_000, 100_000, pass: 9) with { Rows = 1, Sequence = 1 },
            Event(TraceKind.Request, 1000, 100_000, pass: 0) with { Rows = 10, Sequence = 1 });
        Assert.Equal((0.0, RequestTimes.Unknown), (Assert.Single(TraceReport.From(trace).ToJson().Requests).QueuedMs,
            TraceReport.From(trace).ToJson().Requests[0].MostlyIn));
        Assert.Contains("its first passes have been overwritten", Of(trace).Request, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlap_OverConsecutivePasses_CountsTheMomentsBetweenThem()
    {
        // Two passes with a gap of 20 ms, in which the disk goes on reading: the engine's counters have it in their wall time as well.
        TraceFile trace = File(
            Event(TraceKind.Load, 0, 220_000, tile: 0, bytes: 1 << 20),
            Event(TraceKind.Compute, 0, 100_000, tile: 0),
            Event(TraceKind.Token, 0, 100_000, pass: 0),
            Event(TraceKind.Compute, 120_000, 220_000, tile: 0, pass: 1),
            Event(TraceKind.Token, 120_000, 220_000, pass: 1));
        Assert.Equal((220.0 + 200 - 220) / 200, TraceReport.From(trace).OverlapShare, 1e-9);
    }

    private static TraceAnswers Of(TraceFile trace) => TraceReport.From(trace).ToJson().Answers;
}
