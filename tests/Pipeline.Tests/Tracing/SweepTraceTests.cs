using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;
using LayerStream.Planning.Drafts;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

/// <summary>The trace of eight sequences with guesses over a real model that streams: it explains the time, and agrees with the
/// counters.</summary>
public sealed class SweepTraceTests
{
    private const int Sequences = 8;
    private const int Tokens = 20;
    private const int Attempts = 4; // on a busy machine another process may run between two events

    [Fact]
    public async Task Trace_OfEightSequencesWithDrafts_ExplainsTheTimeAndHasTheCountersOverlap()
    {
        List<string> misses = [];
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            await using Engine engine = await StartAsync();
            EngineCounters before = engine.Counters();
            RunResult[] results = await Task.WhenAll(Enumerable.Range(0, Sequences)
                .Select(i => engine.RunAsync(Request(i), TestContext.Current.CancellationToken)));
            EngineCounters after = engine.Counters();
            Assert.All(results, r => Assert.Equal(Tokens, r.GeneratedTokens));
            Assert.True(results.Sum(r => r.DraftedTokens) > 0, "nothing was guessed");
            TraceFile trace = engine.CaptureTrace(0);
            Assert.Equal(0, trace.Dropped);
            Assert.Equal(Sequences, trace.Events.Count(e => e.Kind == TraceKind.Request));

            Assert.Equal(Sequences * Tokens, trace.Events.Where(e => e.Kind == TraceKind.Sample).Sum(e => e.Rows)); // guesses that held too
            TraceFigures figures = TraceReport.From(trace).ToJson();
            Assert.True(figures.Tokens > figures.DecodePasses, $"{figures.Tokens} tokens in {figures.DecodePasses} passes");

            TraceEvent[] passes = [.. trace.Events.Where(e => e.Kind is TraceKind.Token or TraceKind.Prompt)];
            double wall = Seconds(passes.Max(p => p.EndTicks) - passes.Min(p => p.StartTicks)),
                attributed = figures.AttributedShare,
                traced = Overlap(Union(trace, TraceKind.Load), Union(trace, TraceKind.Compute), wall),
                counted = Overlap(after.LoadBusySeconds - before.LoadBusySeconds,
                    after.ComputeBusySeconds - before.ComputeBusySeconds, wall);
            if (attributed >= 0.99 && Math.Abs(traced - counted) <= 0.01)
            {
                return;
            }

            misses.Add($"attributed {attributed:0.0000}, overlap {traced:0.0000} by the trace, {counted:0.0000} by the counters");
        }

        Assert.Fail(string.Join("; ", misses));
    }

    private static double Union(TraceFile trace, TraceKind kind) =>
        Seconds(new IntervalUnion(trace.Events.Where(e => e.Kind == kind)).Covered(long.MinValue, long.MaxValue));

    private static double Overlap(double load, double compute, double wall) => (load + compute - wall) / Math.Min(load, compute);

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    // Each prompt repeats itself, so that there is something to guess from.
    private static RunRequest Request(int sequence) => new()
    {
        Prompt = [.. Enumerable.Range(0, 24).Select(i => 1000 + (100 * sequence) + (i % 6))],
        MaxTokens = Tokens,
        Sample = TinyModel.Greedy,
        OnToken = _ => false,
    };

    private static async Task<Engine> StartAsync()
    {
        EngineOptions options = TinyModel.Options(depth: 4) with
        {
            ModelPath = ShippedModel(),
            BudgetBytes = 1L << 30,
            Sequences = Sequences,
            Drafts = DraftMode.Prompt,
        };
        EnginePlan plan = TinyModel.StreamingPlan(options, tileBytes: 1 << 20);
        plan = plan.Divided(plan.Spec, plan.Memory with { Batch = 48, LogitRows = 48 });
        return await Engine.StartAsync(plan, options, FlashDevice.Open([options.ModelPath]), null, TestContext.Current.CancellationToken);
    }

    internal static string ShippedModel()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent;
        }

        string root = folder?.FullName ?? Environment.GetEnvironmentVariable("LAYERSTREAM_ROOT")
            ?? throw new DirectoryNotFoundException("the repository is not above the test; set LAYERSTREAM_ROOT");
        return Path.Combine(root, "models", "SmolLM2-135M-Instruct-Q4_1.gguf");
    }
}
