using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Slots that the depth does not use hold weights.</summary>
public sealed class HeldTilesTests
{
    [Fact]
    public async Task Depth_LessThanTheSlots_ReadsLessAndGivesTheSameIds()
    {
        await using Engine engine = await TinyModel.StartAsync(depth: 8);
        RunResult all = await engine.RunAsync(TinyModel.Request(16), CancellationToken.None);
        await engine.SetDepthAsync(2);
        await engine.RunAsync(TinyModel.Request(16), CancellationToken.None); // takes them over
        RunResult held = await engine.RunAsync(TinyModel.Request(16), CancellationToken.None);
        Assert.Equal(6, engine.Ring.Held.Count);
        Assert.Equal(all.Ids, held.Ids);
        Assert.True(held.BytesStreamed < all.BytesStreamed, $"{held.BytesStreamed} of {all.BytesStreamed} bytes");

        await engine.SetDepthAsync(8);
        RunResult again = await engine.RunAsync(TinyModel.Request(16), CancellationToken.None);
        Assert.Equal(0, engine.Ring.Held.Count);
        Assert.Equal(all.Ids, again.Ids);
        Assert.Equal(all.BytesStreamed, again.BytesStreamed);
    }

    [Fact]
    public async Task Depth_MovedDuringRuns_GivesTheSameIdsAndBringsEverySlotHome()
    {
        await using Engine engine = await TinyModel.StartAsync(depth: 8);
        int[] expected = (await engine.RunAsync(TinyModel.Request(40), CancellationToken.None)).Ids;
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            RunResult result = await engine.RunAsync(TinyModel.Request(40, _ =>
            {
                if (random.Next(3) == 0)
                {
                    engine.Ring.WantedSlots = random.Next(2, 10);
                }

                return false;
            }), CancellationToken.None);
            Assert.Equal(expected, result.Ids);
            EngineStatus status = engine.Status();
            Assert.Equal(status.TotalSlots, status.FreeSlots);
        }
    }

    [Fact]
    public async Task Run_CancelledWhileTilesAreHeld_LosesNoSlot()
    {
        await using Engine engine = await TinyModel.StartAsync(depth: 8);
        int[] expected = (await engine.RunAsync(TinyModel.Request(12), CancellationToken.None)).Ids;
        await engine.SetDepthAsync(2);
        for (int tokens = 1; tokens < 8; tokens++)
        {
            using CancellationTokenSource cancel = new();
            int left = tokens;
            RunResult cut = await engine.RunAsync(TinyModel.Request(12, _ =>
            {
                if (--left == 0)
                {
                    cancel.Cancel();
                }

                return false;
            }), cancel.Token);
            Assert.Equal(expected[..cut.Ids.Length], cut.Ids);
            Assert.True(cut.Ids.Length < 12, "the run was not cut short");
            EngineStatus status = engine.Status();
            Assert.Equal(status.TotalSlots, status.FreeSlots);
        }

        Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(12), CancellationToken.None)).Ids);
    }

    [Fact]
    public async Task Run_WithDepthThatComesAndGoesAndReadsThatComeLate_GivesTheSameIds()
    {
        await using Engine reference = await TinyModel.StartAsync(threads: 1, depth: 1);
        int[] expected = (await reference.RunAsync(TinyModel.Request(5), CancellationToken.None)).Ids;
        for (int seed = 0; seed < 6; seed++)
        {
            int s = seed;
            Random random = new(seed);
            await using Engine engine = await TinyModel.StartAsync(
                d => new ScriptedDevice(d) { DelayMicrosAt = n => Scramble.Of(s, n, 200), AreReadsShort = s % 2 == 1 },
                threads: 1 + (s % 2), depth: 8, pinEvery: s % 3);
            for (int i = 0; i < 8; i++)
            {
                await engine.SetDepthAsync(random.Next(1, 9));
                Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(5), CancellationToken.None)).Ids);
                Assert.Equal(engine.Status().TotalSlots, engine.Status().FreeSlots);
            }
        }
    }

    [Fact]
    public async Task Run_AfterAReadThatFailedWhileTilesAreHeld_GivesTheSameIds()
    {
        await using Engine reference = await TinyModel.StartAsync();
        int[] expected = (await reference.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        for (int failing = 0; failing < 12; failing++)
        {
            int at = failing;
            ScriptedDevice? device = null;
            await using Engine engine = await TinyModel.StartAsync(d => device = new ScriptedDevice(d), depth: 8);
            await engine.SetDepthAsync(2);
            await engine.RunAsync(TinyModel.Request(1 + (at % 2)), CancellationToken.None);
            long before = device!.Reads;
            device.ErrnoAt = n => n >= before + at ? 5 : 0; // once more when it is tried again
            await Assert.ThrowsAsync<FlashReadException>(
                () => engine.RunAsync(TinyModel.Request(3), CancellationToken.None));
            device.ErrnoAt = null;
            Assert.Equal(engine.Status().TotalSlots, engine.Status().FreeSlots);
            Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids);
        }
    }
}
