using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Models.Decoding;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Sequences that begin alike side by side: the beginning is read once, and the ids are those of single runs.</summary>
public sealed class StateCopyTests
{
    private const int Seats = 4;
    private const int Shared = 24;

    public static TheoryData<string> Models => [.. SweepModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_WithASharedBeginning_ReadItOnce(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16);
        await using Engine engine = await SweepModels.StartAsync(name, Seats, batch: 9, seed: 1,
            change: o => o with { KeepsSnapshots = true });
        Random random = new(5);
        int[] beginning = SweepModels.Tokens(random, engine, Shared);
        await engine.RunAsync(Request(beginning, 0), CancellationToken.None);
        RunRequest[] requests = [.. Enumerable.Range(0, 2 * Seats)
            .Select(_ => Request([.. beginning, .. SweepModels.Tokens(random, engine, 5)], random.Next(1, 6)))];
        RunResult[] results = await Task.WhenAll(requests.Select(r => engine.RunAsync(r, CancellationToken.None)));
        for (int i = 0; i < requests.Length; i++)
        {
            RunResult expected = await fresh.RunAsync(requests[i] with { ReuseScope = null }, CancellationToken.None);
            Assert.Equal(expected.Ids, results[i].Ids);
        }

        int spared = results.Count(r => r.CachedTokens == Shared);
        int least = SequenceState.SnapshotBytes(engine.Spec) > 0 ? 1 : requests.Length; // a recurrent state may have gone on already
        Assert.InRange(spared, least, requests.Length);
    }

    [Fact]
    public async Task Sequence_BesideOneThatStillRuns_TakesItsBeginningOver()
    {
        await using Engine fresh = await SweepModels.StartAsync("llama", 1, batch: 16);
        await using Engine engine = await SweepModels.StartAsync("llama", 2);
        int[] prompt = SweepModels.Tokens(new Random(7), engine, Shared);
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim joined = new();
        RunRequest running = Request(prompt, 12) with
        {
            OnToken = _ =>
            {
                begun.TrySetResult();
                return !joined.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            },
        };
        Task<RunResult> first = engine.RunAsync(running, CancellationToken.None);
        await begun.Task;
        RunRequest request = Request([.. prompt, 3, 4], 3);
        Task<RunResult> second = engine.RunAsync(request, CancellationToken.None);
        joined.Set();
        Assert.Equal(Shared, (await second).CachedTokens);
        Assert.Equal((await fresh.RunAsync(request with { ReuseScope = null }, CancellationToken.None)).Ids, (await second).Ids);
        Assert.Equal((await fresh.RunAsync(Request(prompt, 12) with { ReuseScope = null }, CancellationToken.None)).Ids, (await first).Ids);
    }

    [Fact]
    public async Task Sequence_OfAnotherScope_TakesNothingOver()
    {
        await using Engine engine = await SweepModels.StartAsync("llama", 2);
        int[] prompt = SweepModels.Tokens(new Random(7), engine, Shared);
        await engine.RunAsync(Request(prompt, 0), CancellationToken.None);
        RunResult other = await engine.RunAsync(Request(prompt, 2) with { ReuseScope = "b" }, CancellationToken.None);
        Assert.Equal(0, other.CachedTokens);
    }

    private static RunRequest Request(int[] prompt, int tokens) => SweepModels.Request(prompt, tokens, "a");
}
