using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Predicted reads change when bytes come, and nothing else.</summary>
public sealed class PredictionTests
{
    private const int InputOutputError = 5;

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(1.0)]
    public async Task Demand_AfterPredictions_DeliversEveryByteAndTheSameHits(double accuracy)
    {
        using ExpertModel model = new();
        List<long>? expected = null;
        long useful = 0, wasted = 0, live = AlignedBuffer.LiveBytes;
        for (int seed = 0; seed < 40; seed++)
        {
            int s = seed, transients = 1 + (s % 5);
            await using (Engine engine = await model.StartAsync(4, transients, d => new ScriptedDevice(d)
            {
                DelayMicrosAt = n => Scramble.Of(s, n, 200),
                AreReadsShort = s % 7 == 6,
            }, hasPlacePerClass: s % 2 == 1))
            {
                // Leads from none to longer than the reads take: experts are met queued, half read, and there.
                ExpertDrive drive = new(model, seed: 5, passes: 4)
                {
                    Accuracy = s == 0 ? null : accuracy,
                    LeadMicros = n => Scramble.Of(s, n, 3) * 400
                };
                await engine.ExecuteAsync(drive.Execute, null, CancellationToken.None);
                AssertWhole(engine);
                expected ??= drive.Hits;
                Assert.Equal(expected, drive.Hits);
                EngineStatus status = engine.Status();
                Assert.True(transients > 1 || status.PredictedBytesUseful + status.PredictedBytesWasted == 0,
                    "the slot of demand was taken");
                (useful, wasted) = (useful + status.PredictedBytesUseful, wasted + status.PredictedBytesWasted);
            }
        }

        Assert.True(accuracy == 0 || useful > 0, "no prediction was of use");
        Assert.True(accuracy == 1 || wasted > 0, "no prediction was wrong");
        Assert.Equal(live, AlignedBuffer.LiveBytes);
    }

    [Fact]
    public async Task Sweep_OverLayersThatTakeNearlyAll_IsReadAheadAndUsed()
    {
        using ExpertModel model = new();
        long[] useful = new long[2];
        List<long>[] hits = new List<long>[2];
        foreach (PredictionMode mode in (PredictionMode[])[PredictionMode.Off, PredictionMode.Auto])
        {
            await using Engine engine = await model.StartAsync(3, 4, prediction: mode);
            ExpertDrive drive = new(model, seed: 5, passes: 6, rows: 30);
            await engine.ExecuteAsync(drive.Execute, null, CancellationToken.None);
            AssertWhole(engine);
            (useful[mode == PredictionMode.Off ? 0 : 1], hits[mode == PredictionMode.Off ? 0 : 1]) = (engine.Status().PredictedBytesUseful,
                drive.Hits);
        }

        Assert.Equal(0, useful[0]);
        Assert.True(useful[1] > 0, "nothing was read ahead");
        Assert.Equal(hits[0], hits[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_AtRandomPointsOfPredictions_FreesEverySlot(bool hasPlacePerClass)
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(3, 4, d => new ScriptedDevice(d) { DelayMicrosAt = n => (int)(n * 31 % 90) },
            hasPlacePerClass: hasPlacePerClass);
        long live = AlignedBuffer.LiveBytes;
        Random random = new(11);
        int cancelled = 0;
        for (int i = 0; i < 100; i++)
        {
            using CancellationTokenSource cancel = new(TimeSpan.FromMicroseconds(random.Next(1, 12_000)));
            ExpertDrive drive = new(model, i, passes: 12, rows: 1 + (i % 3 * 9)) { Accuracy = i % 2 * 0.5, LeadMicros = n => n % 3 * 100 };
            try
            {
                await engine.ExecuteAsync(drive.Execute, null, cancel.Token);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }

            AssertWhole(engine);
            await engine.ExecuteAsync(new ExpertDrive(model, i, passes: 1, rows: 3) { Accuracy = 0.7 }.Execute, null,
                CancellationToken.None);
            AssertWhole(engine);
        }

        Assert.True(cancelled > 50, $"only {cancelled} runs were cancelled");
        Assert.Equal(live, AlignedBuffer.LiveBytes);
    }

    [Fact]
    public async Task ReadErrors_OfPredictedExperts_FailOnlyRunsThatDemandThem()
    {
        using ExpertModel model = new();
        ScriptedDevice device = null!;
        await using Engine engine = await model.StartAsync(1, 4, d => device = new ScriptedDevice(d));
        const int Broken = 9;
        Extent slab = model.Spec.ExpertBanks[0].Matrices[1].Slab(Broken);
        device.ErrnoOf = (file, offset) => file == 1 && offset + 4096 > slab.Offset
            && offset < slab.Offset + slab.Length - 4096 ? InputOutputError : 0;
        for (int i = 0; i < 20; i++)
        {
            long lead = i % 4 * 300;
            Task Run(int demanded) => engine.ExecuteAsync(
                session =>
                {
                    session.BeginPass();
                    session.Experts.Predict(0, [Broken], [1], early: false);
                    SpinWait.SpinUntil(() => false, TimeSpan.FromMicroseconds(lead));
                    session.Experts.Demand(0, [demanded], [1]);
                    session.Experts.Release(session.Experts.Take());
                    session.EndPass();
                },
                null,
                CancellationToken.None);
            await Run(demanded: 3); // not even a slab that shares a page with the broken one
            AssertWhole(engine);
            FlashReadException error = await Assert.ThrowsAsync<FlashReadException>(() => Run(Broken));
            Assert.Equal($"blk.0.part1, expert {Broken}", error.Tensor);
            AssertWhole(engine);
        }
    }

    [Theory]
    [InlineData("demand")]
    [InlineData("eviction")]
    [InlineData("expert.completed")]
    [InlineData("prediction.completed")]
    public async Task Stage_ThatThrowsAmongPredictions_FailsItsRunOnly(string stage)
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(1, 3);
        for (int n = 0; n < 10; n++)
        {
            int calls = 0, at = n;
            await Assert.ThrowsAsync<EngineFaultException>(() => engine.ExecuteAsync(
                new ExpertDrive(model, n, passes: 50, rows: 2) { Accuracy = 0.6, LeadMicros = i => i % 2 * 150 }.Execute,
                s =>
                {
                    if (s == stage && Interlocked.Increment(ref calls) == at + 1)
                    {
                        throw new EngineFaultException(s, new InvalidOperationException("named point"));
                    }
                },
                CancellationToken.None));
            AssertWhole(engine);
        }
    }

    private static void AssertWhole(Engine engine)
    {
        EngineStatus status = engine.Status();
        Assert.Equal((status.TotalSlots, status.TransientSlots, 0), (status.FreeSlots, status.FreeTransientSlots, status.InFlightReads));
    }
}
