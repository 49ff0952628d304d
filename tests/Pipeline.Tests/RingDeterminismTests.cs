using System.Collections.Concurrent;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class RingDeterminismTests
{
    private static readonly Lazy<Task<int[]>> s_reference = new(async () =>
    {
        await using Engine engine = await TinyModel.StartAsync(threads: 1, depth: 1, pinEvery: 1);
        return (await engine.RunAsync(TinyModel.Request(), CancellationToken.None)).Ids;
    });

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(1, 2, 0)]
    [InlineData(2, 1, 3)]
    [InlineData(2, 8, 2)]
    public async Task Run_AtAnyThreadsDepthAndPinnedShare_GivesTheSameIds(int threads, int depth, int pinEvery)
    {
        await using Engine engine = await TinyModel.StartAsync(threads: threads, depth: depth, pinEvery: pinEvery);
        RunResult result = await engine.RunAsync(TinyModel.Request(), CancellationToken.None);
        Assert.Equal(await s_reference.Value, result.Ids);
    }

    [Fact]
    public async Task Run_WithReadsDelayedAndReordered_GivesTheSameIdsForTwoHundredSeeds()
    {
        int[] expected = await s_reference.Value;
        for (int seed = 0; seed < 200; seed++)
        {
            int s = seed;
            await using Engine engine = await TinyModel.StartAsync(
                d => new ScriptedDevice(d) { DelayMicrosAt = n => Scramble.Of(s, n, 300), AreReadsShort = s % 2 == 1 },
                threads: 1 + (s % 2), depth: 1 + (s % 5));
            RunResult result = await engine.RunAsync(TinyModel.Request(5), CancellationToken.None);
            Assert.Equal(expected[..5], result.Ids);
        }
    }

    /// <summary>A spent slot is freed, and the next read begun, before compute goes on: no other thread has to wake for it.</summary>
    [Fact]
    public async Task Run_SpentTiles_AreEvictedAndReadAheadOfWithoutAnotherThread()
    {
        ConcurrentDictionary<string, int> wakes = new();
        await using Engine engine = await TinyModel.StartAsync();
        await engine.RunAsync(TinyModel.Request(), point =>
        {
            if (point is FaultPoint.EvictionLoop or FaultPoint.PrefetchLoop)
            {
                string thread = Thread.CurrentThread.Name == "layerstream-compute" ? "compute" : "another";
                wakes.AddOrUpdate($"{point} on {thread}", 1, (_, n) => n + 1);
            }
        }, CancellationToken.None);
        foreach (string loop in new[] { FaultPoint.EvictionLoop, FaultPoint.PrefetchLoop })
        {
            int own = wakes.GetValueOrDefault($"{loop} on compute"), others = wakes.GetValueOrDefault($"{loop} on another");
            Assert.True(own > 8 * others, $"{loop}: {own} wakes on the compute thread, {others} on others");
        }
    }

    [Fact]
    public async Task Logits_OneByOneAndInBatches_AreTheSameBits()
    {
        await using Engine engine = await TinyModel.StartAsync();
        Dictionary<int, float[]> batched = [];
        await engine.LogitsAsync(TinyModel.Prompt, (p, row) => batched[p] = row.ToArray(), CancellationToken.None);
        RunRequest request = TinyModel.Request(1) with { Prompt = TinyModel.Prompt[..1], MaxTokens = TinyModel.Prompt.Length };
        List<float[]> single = [];
        request = request with
        {
            Sample = (logits, history) =>
            {
                single.Add(logits.ToArray());
                return history.Count < TinyModel.Prompt.Length ? TinyModel.Prompt[history.Count] : 0;
            },
        };
        await engine.RunAsync(request, CancellationToken.None);
        for (int p = 0; p < TinyModel.Prompt.Length; p++)
        {
            Assert.Equal(batched[p], single[p]);
        }
    }
}
