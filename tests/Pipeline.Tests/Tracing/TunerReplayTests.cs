using LayerStream.Actors;
using LayerStream.Actors.Tracing;
using LayerStream.Planning.Tuning;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

/// <summary>Decisions of tuners follow from a recorded trace alone.</summary>
public sealed class TunerReplayTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.lstrace");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task DepthTuning_OfARunThatTuned_ReplaysToTheSameDecisions()
    {
        EngineOptions plan = TinyModel.Options(depth: 8), tuned = plan with { PrefetchDepth = 0 };
        await using Engine engine = await Engine.StartAsync(TinyModel.StreamingPlan(plan), tuned,
            new ScriptedDevice(FlashDevice.Open([TinyModel.Path])) { DelayMicrosAt = _ => 100 }, null,
            TestContext.Current.CancellationToken);
        await engine.RunAsync(TinyModel.Request(40), TestContext.Current.CancellationToken);
        engine.CaptureTrace(0).Save(_path);
        TraceFile trace = TraceFile.Load(_path);
        Assert.InRange(trace.DepthTuning!.Passes.Count, 30, 48);
        Assert.NotEmpty(engine.TunerDecisions);
        Assert.Equal(engine.TunerDecisions, trace.DepthTuning.Replay());
        Assert.Null(trace.TransientTuning);
    }

    [Fact]
    public void TransientTuning_SavedAndLoaded_ReplaysToTheSameDecisions()
    {
        Random random = new(6);
        TransientTuner tuner = new(7);
        for (int i = 0; i < 200; i++)
        {
            double wall = 0.1 + (random.NextDouble() / 100);
            tuner.Observe(new AheadPass(true, wall, wall / (2 + random.Next(3)), wall * 0.9, 1 << 26, 3L << 24, random.Next(1 << 27),
                i % 2));
        }

        (TraceSample.Token17() with { TransientTuning = tuner.History }).Save(_path);
        TransientHistory history = TraceFile.Load(_path).TransientTuning!;
        Assert.Equal(tuner.History.Passes, history.Passes);
        Assert.NotEmpty(tuner.Decisions);
        Assert.Equal(tuner.Decisions, history.Replay());
    }

    [Theory]
    [InlineData(0, 1, 0.1)]
    [InlineData(8, 0, 0.1)]
    [InlineData(8, 1, -0.1)]
    public void Load_NumbersThatNoTunerSaw_AreRefused(int mostDepth, int start, double wall)
    {
        DepthHistory history = new(new TunerLimits(mostDepth, 8), new TunerSetting(start, 1), [new TunedPass(wall, 0, 0, 1, 0, 0)]);
        (TraceSample.Token17() with { DepthTuning = history }).Save(_path);
        Assert.Throws<InvalidDataException>(() => TraceFile.Load(_path));
    }
}
