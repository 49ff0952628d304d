using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Planning.Drafts;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Sequences of the background that begin alike: the others go on behind the first one's rows in the same pass, and the ids are
/// those of each alone.</summary>
public sealed class SharedBeginningTests
{
    private const int Together = 5;

    public static TheoryData<string> Models => [.. SweepModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_ThatBeginAlike_HaveTheIdsOfEachAlone(string name)
    {
        await using Engine fresh = await SweepModels.StartSingleAsync(name, batch: 64, change: o => o with { Context = 400 });
        foreach ((int common, int batch, int pages) in new[] { (128, 512, 0), (256, 512, 9), (262, 300, 0), (128, 100, 0), (200, 512, 0) })
        {
            await using Engine engine = await SweepModels.StartAsync(name, Together, batch, pages: pages,
                change: o => o with { Context = 400, KeepsSnapshots = true });
            RunRequest[] requests = Requests(fresh, common, 8);
            RunResult[] results = await Task.WhenAll(requests.Select(r => engine.RunAsync(r, CancellationToken.None)));
            for (int i = 0; i < requests.Length; i++)
            {
                Assert.Equal(await IdsAsync(fresh, requests[i]), results[i].Ids);
            }
        }
    }

    [Fact]
    public async Task Beginning_OfFullPages_IsReadOnceAndInThePassOfTheOthers()
    {
        await using Engine fresh = await SweepModels.StartSingleAsync("llama", batch: 64, change: o => o with { Context = 400 });
        await using Engine engine = await SweepModels.StartAsync("llama", Together, batch: 512, change: o => o with { Context = 400 });
        TaskCompletionSource first = new();
        using ManualResetEventSlim come = new();
        RunRequest opening = SweepModels.Request(SweepModels.Tokens(new Random(3), fresh, 20), 3) with
        {
            OnToken = _ => Opened(first, come),
        };
        Task<RunResult> opened = engine.RunAsync(opening, CancellationToken.None);
        await first.Task;
        RunRequest[] requests = [.. Requests(fresh, 256, Together - 1).Select(r => r with { MaxTokens = 1 })];
        Task<RunResult>[] running = [.. requests.Select(r => engine.RunAsync(r, CancellationToken.None))];
        long passes = engine.Status().Passes, rows = engine.Status().PassRows;
        come.Set(); // all of them wait at the border of the next pass
        RunResult[] results = await Task.WhenAll(running);
        await opened;
        Assert.Equal([0, 256, 256, 256], results.Select(r => r.CachedTokens));
        Assert.Equal(256 + requests.Sum(r => r.Prompt.Count - 256) + 2, engine.Status().PassRows - rows);
        Assert.InRange(engine.Status().Passes - passes, 2, 3);
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(await IdsAsync(fresh, requests[i]), results[i].Ids);
        }
    }

    /// <summary>Whoever reads the beginning may go at any moment: those behind have its pages, or read them.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("deepseek3")]
    [InlineData("gptoss")]
    public async Task Leader_CancelledAtAnyMoment_LeavesTheOthersAsTheyWere(string name)
    {
        await using Engine fresh = await SweepModels.StartSingleAsync(name, batch: 64, change: o => o with { Context = 400 });
        await using Engine engine = await SweepModels.StartAsync(name, Together, batch: 512, change: o => o with { Context = 400 });
        RunRequest[] requests = Requests(fresh, 128, Together);
        int[][] expected = await Task.WhenAll(requests.Select(r => IdsAsync(fresh, r)));
        Random random = new(5);
        int cancelled = 0;
        for (int round = 0; round < 40; round++)
        {
            using CancellationTokenSource cancel = new();
            Task<RunResult>[] running = [.. requests.Select((r, i) => engine.RunAsync(r with { ReuseScope = $"{round}" },
                i == 0 || (i == 2 && round % 3 == 0) ? cancel.Token : CancellationToken.None))];
            cancel.CancelAfter(TimeSpan.FromMicroseconds(random.Next(20_000)));
            RunResult[] results = await Task.WhenAll(running);
            cancelled += results[0].FinishReason == "cancelled" ? 1 : 0;
            for (int i = 1; i < results.Length; i++)
            {
                if (results[i].FinishReason != "cancelled")
                {
                    Assert.Equal(expected[i], results[i].Ids);
                }
            }

            // What is kept of them serves others.
            RunResult again = await engine.RunAsync(requests[1] with { ReuseScope = $"{round}" }, CancellationToken.None);
            Assert.Equal(expected[1], again.Ids);
        }

        Assert.InRange(cancelled, 1, 40);
        Assert.Equal(0, engine.Status().Pages.Held);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gemma4-e")]
    [InlineData("deepseek3")]
    [InlineData("gptoss")]
    [InlineData("qwen35moe")]
    public async Task Sequences_InRandomSchedules_HaveTheIdsOfTheirSingleRuns(string name)
    {
        SweepScript script = new((sequences, seed) => SweepModels.StartAsync(name, sequences, batch: seed % 2 == 0 ? 400 : 90, seed: seed,
            pages: seed % 3 == 0 ? 4 * sequences : 4 + (sequences == 1 ? 0 : seed % 3), pinEvery: sequences == 1 ? 1 : null,
            change: o => o with
            {
                Context = 512,
                KeepsSnapshots = true,
                Drafts = seed % 2 == 0 ? DraftMode.Prompt : DraftMode.Auto,
            }), [3, 129, 140, 260], 40)
        { IsBackground = true };
        int seeds = SweepScript.Count("LAYERSTREAM_SCHEDULE_PAGE_SEEDS", 2);
        for (int seed = 0; seed < seeds; seed++)
        {
            await script.RunAsync(seed, 12);
        }
    }

    private static bool Opened(TaskCompletionSource first, ManualResetEventSlim come)
    {
        first.TrySetResult();
        come.Wait();
        return false;
    }

    /// <summary>Requests that have so many tokens in common, and some of their own.</summary>
    private static RunRequest[] Requests(Engine engine, int common, int count)
    {
        Random random = new(common);
        int[] beginning = SweepModels.Tokens(random, engine, common);
        return [.. Enumerable.Range(0, count).Select(i => SweepModels.Request(
            [.. beginning, (7 * i) + 1, .. SweepModels.Tokens(random, engine, random.Next(3, 30))], 4, "a") with
        {
            IsBackground = true,
        })];
    }

    private static async Task<int[]> IdsAsync(Engine fresh, RunRequest request) =>
        (await fresh.RunAsync(request with { ReuseScope = null }, CancellationToken.None)).Ids;
}
