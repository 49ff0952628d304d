using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class ExpertRingTests
{
    private const int InputOutputError = 5;

    [Theory]
    [InlineData(0, 1, 1)]   // the smallest: one slot for whichever expert comes
    [InlineData(0, 3, 9)]
    [InlineData(1, 1, 1)]
    [InlineData(3, 4, 1)]   // below one token's experts
    [InlineData(9, 4, 9)]   // a prompt batch: more distinct experts than slots of any kind
    [InlineData(15, 1, 20)]
    [InlineData(16, 0, 9)]  // all resident
    public async Task Demand_AtAnyNumberOfSlots_DeliversEveryByteAndEverySlotComesBack(int residents, int transients, int rows)
    {
        using ExpertModel model = new();
        long before = AlignedBuffer.LiveBytes;
        await using (Engine engine = await model.StartAsync(residents, transients))
        {
            for (int run = 0; run < 2; run++)
            {
                ExpertDrive drive = new(model, seed: 7 + run, passes: 6, rows);
                await engine.ExecuteAsync(drive.Execute, null, CancellationToken.None);
                AssertWhole(engine);
                Assert.True(drive.Taken.Count > 6 * 6);
            }

            EngineStatus status = engine.Status();
            Assert.True(residents < 16 || status.ExpertMisses == 0, $"{status.ExpertMisses} misses though every expert has its slot");
            Assert.True(residents is 0 or 16 || status.ExpertHits > 0, "residents are never hit");
            Assert.True(residents > 0 || status.ExpertHits == 0, "hits without resident slots");
        }

        Assert.Equal(before, AlignedBuffer.LiveBytes);
    }

    [Fact]
    public async Task Demand_WithReadsDelayedShortAndReordered_DeliversEveryByteAndTheSameHits()
    {
        using ExpertModel model = new();
        List<long>? expected = null;
        for (int seed = 0; seed < 60; seed++)
        {
            int s = seed;
            await using Engine engine = await model.StartAsync(4, 1 + (s % 4), d => new ScriptedDevice(d)
            {
                DelayMicrosAt = n => Scramble.Of(s, n, 200),
                AreReadsShort = s % 5 == 4,
            });
            ExpertDrive drive = new(model, seed: 3, passes: 3, rows: 2);
            await engine.ExecuteAsync(drive.Execute, null, CancellationToken.None);
            AssertWhole(engine);
            expected ??= drive.Hits;
            Assert.Equal(expected, drive.Hits);
        }
    }

    [Fact]
    public async Task Demand_BesideDensePrefetch_DeliversBoth()
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(2, 2, d => new ScriptedDevice(d) { DelayMicrosAt = n => (int)(n * 37 % 150) });
        int[] expected = (await engine.RunAsync(TinyModel.Request(1), CancellationToken.None)).Ids;
        int[] ids = new int[4];
        await engine.ExecuteAsync(
            session =>
            {
                session.Announce(false);
                for (int i = 0; i < ids.Length; i++)
                {
                    session.Announce(true);
                    new ExpertDrive(model, seed: i, passes: 1, rows: 3) { EndsPasses = false }.Execute(session);
                    session.Execute(TinyModel.Prompt, 0, 8, 0, 0);
                    session.Announce(false);
                    session.Execute(TinyModel.Prompt, 8, 8, 8, 1);
                    ids[i] = TinyModel.Greedy(session.Logits(0), []);
                }
            },
            null,
            CancellationToken.None);
        AssertWhole(engine);
        Assert.All(ids, id => Assert.Equal(expected[0], id));
    }

    [Fact]
    public async Task PersistentReadError_AtEveryRead_FailsThatRunWithTensorExpertAndOffset()
    {
        using ExpertModel model = new();
        ScriptedDevice device = null!;
        await using Engine engine = await model.StartAsync(3, 2, d => device = new ScriptedDevice(d));
        for (int n = 0; n < 80; n++)
        {
            long from = device.Reads + n, failed = -1;
            device.ErrnoAt = r => r >= from && (failed < 0 || r <= failed + 40) ? Fail(r, ref failed) : 0;
            FlashReadException error = await Assert.ThrowsAsync<FlashReadException>(
                () => engine.ExecuteAsync(new ExpertDrive(model, n, passes: 40, rows: 2).Execute, null, CancellationToken.None));
            device.ErrnoAt = null;
            Assert.Equal(InputOutputError, error.Errno);
            Assert.Matches(@"^blk\.\d+\.part\d, expert \d+$", error.Tensor);
            int bank = error.Tensor![4] - '0', part = error.Tensor[10] - '0', expert = int.Parse(error.Tensor.Split(' ')[^1]);
            Formats.Extent slab = model.Spec.ExpertBanks[bank].Matrices[part].Slab(expert);
            Assert.InRange(error.Offset, slab.Offset, slab.Offset + slab.Length - 1);
            AssertWhole(engine);
            // Nothing of the failed layer may be taken for filled.
            await engine.ExecuteAsync(new ExpertDrive(model, n, passes: 2, rows: 4).Execute, null, CancellationToken.None);
            AssertWhole(engine);
        }
    }

    [Fact]
    public async Task Cancel_AtRandomPoints_FreesEverySlotAndLeavesNothingUnfilled()
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(3, 1, d => new ScriptedDevice(d) { DelayMicrosAt = n => (int)(n * 31 % 90) });
        long live = AlignedBuffer.LiveBytes;
        Random random = new(11);
        int cancelled = 0;
        for (int i = 0; i < 120; i++)
        {
            using CancellationTokenSource cancel = new();
            int at = random.Next(0, 60);
            bool inTheMiddle = i % 2 == 0;
            ExpertDrive drive = new(model, i, passes: 8, rows: 2) { OnTake = n => { if (inTheMiddle && n == at) { cancel.Cancel(); } } };
            if (!inTheMiddle)
            {
                cancel.CancelAfter(TimeSpan.FromMicroseconds(random.Next(1, 15_000)));
            }

            try
            {
                await engine.ExecuteAsync(drive.Execute, null, cancel.Token);
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }

            AssertWhole(engine);
            await engine.ExecuteAsync(new ExpertDrive(model, i, passes: 1, rows: 3).Execute, null, CancellationToken.None);
        }

        Assert.True(cancelled > 60, $"only {cancelled} runs were cancelled");
        Assert.Equal(live, AlignedBuffer.LiveBytes);
    }

    [Theory]
    [InlineData("demand")]
    [InlineData("eviction")]
    [InlineData("expert.completed")]
    public async Task Stage_ThatThrowsAtAnExpert_FailsItsRunOnly(string stage)
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(1, 1);
        for (int n = 0; n < 20; n++)
        {
            int calls = 0, at = n;
            await Assert.ThrowsAsync<EngineFaultException>(() => engine.ExecuteAsync(
                new ExpertDrive(model, n, passes: 50, rows: 2).Execute,
                s =>
                {
                    if (s == stage && Interlocked.Increment(ref calls) == at + 1)
                    {
                        throw new EngineFaultException(s, new InvalidOperationException("named point"));
                    }
                },
                CancellationToken.None));
            AssertWhole(engine);
            await engine.ExecuteAsync(new ExpertDrive(model, n, passes: 1).Execute, null, CancellationToken.None);
            AssertWhole(engine);
        }
    }

    [Fact]
    public async Task Body_ThatLeavesExpertsBehind_IsToldSoAndTheSlotsComeBack()
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(0, 2);
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.ExecuteAsync(
            session =>
            {
                session.BeginPass();
                session.Experts.Demand(0, [1, 2, 3], [1, 1, 1]);
                ExpertLease held = session.Experts.Take();
                Assert.InRange(held.Expert, 1, 3);
                session.Experts.Demand(1, [1], [1]);
            },
            null,
            CancellationToken.None));
        AssertWhole(engine);
    }

    [Fact]
    public async Task Demand_InSteadyState_AllocatesNextToNothing()
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(2, 4);
        int[] experts = [1, 3, 4];
        float[] weights = [0.5f, 0.3f, 0.2f];
        long allocated = 0;
        const int Layers = 600;
        await engine.ExecuteAsync(
            session =>
            {
                void Layer(int i)
                {
                    int bank = i % 3;
                    experts[2] = 4 + (i % 12); // misses as well as hits
                    session.Experts.Predict(bank, experts, weights, early: false);
                    session.Experts.Demand(bank, experts, weights);
                    for (int e = 0; e < experts.Length; e++)
                    {
                        session.Experts.Release(session.Experts.Take());
                    }
                }

                session.BeginPass();
                for (int i = 0; i < Layers; i++)
                {
                    Layer(i);
                }

                long before = GC.GetTotalAllocatedBytes(precise: true);
                for (int i = 0; i < Layers; i++)
                {
                    Layer(i);
                }

                allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
                session.EndPass();
            },
            null,
            CancellationToken.None);
        Assert.True(engine.Status().ExpertMisses > Layers / 4);
        Assert.InRange(allocated / (double)Layers, 0, 1); // eviction's wait for the next spent slot, if any
    }

    private static int Fail(long read, ref long failed)
    {
        failed = failed < 0 ? read : failed;
        return InputOutputError;
    }

    private static void AssertWhole(Engine engine)
    {
        EngineStatus status = engine.Status();
        Assert.Equal((status.TotalSlots, status.TransientSlots, 0), (status.FreeSlots, status.FreeTransientSlots, status.InFlightReads));
    }
}
