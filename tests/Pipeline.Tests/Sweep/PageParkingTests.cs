using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Planning.Drafts;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Fewer pages than all sequences want: the youngest wait and go on later, and every one has the ids of its single run.</summary>
public sealed class PageParkingTests
{
    private const int Context = 512; // four pages
    private const int Pages = 5;
    private const int Prompt = 110;
    private const int Most = 250; // up to the end of a third page, which admission does not foresee

    public static TheoryData<string> Models => ["llama", "gemma3", "gptoss", "deepseek3", "qwen35moe"];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_ThatOutgrowThePages_EndAsAlone(string name)
    {
        await using Engine fresh = await SweepModels.StartSingleAsync(name, batch: 48, Options);
        await using Engine engine = await StartAsync(name, 4, Pages);
        Random random = new(name.Length);
        RunRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => Request(engine, random, Most - (10 * i), i == 3 ? null : "a"))];
        RunResult[] results = await RunAsync(engine, requests);
        for (int i = 0; i < requests.Length; i++)
        {
            RunResult expected = await fresh.RunAsync(requests[i] with { ReuseScope = null }, CancellationToken.None);
            Assert.Equal(expected.Ids, results[i].Ids);
            Assert.Equal("length", results[i].FinishReason);
        }

        EngineStatus status = engine.Status();
        Assert.InRange(status.Parks, 1, 100);
        Assert.Equal(results.Sum(r => r.Parks), status.Parks);
        Assert.Equal((0, Pages, 0), (status.Pages.Held, status.Pages.Free + status.Pages.Kept, status.Pages.Parked));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen35moe")]
    public async Task Sequence_ThatGivesItsPagesUp_FindsThemInTheFolder(string name)
    {
        string folder = Directory.CreateTempSubdirectory("layerstream-parked-").FullName;
        try
        {
            await using Engine fresh = await SweepModels.StartSingleAsync(name, batch: 48, Options);
            await using Engine engine = await StartAsync(name, 3, Pages, o => o with { StateFolder = folder, StateBytes = 64 << 20 });
            Random random = new(5);
            // Who runs beside whom follows from the clock: where pages never ran out, further ones are asked.
            for (int round = 0; round < 8 && engine.Status().Parks == 0; round++)
            {
                RunRequest[] requests = [.. Enumerable.Range(0, 3).Select(_ => Request(engine, random, Most, "a"))];
                RunResult[] results = await RunAsync(engine, requests);
                for (int i = 0; i < requests.Length; i++)
                {
                    RunRequest alone = requests[i] with { ReuseScope = null };
                    Assert.Equal((await fresh.RunAsync(alone, CancellationToken.None)).Ids, results[i].Ids);
                }
            }

            Assert.InRange(engine.Status().Parks, 1, 100);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen35moe")]
    public async Task Sequence_ThatGivesItsPagesUpToADiskThatDoesNotAnswer_HoldsNobodyUp(string name)
    {
        string folder = Directory.CreateTempSubdirectory("layerstream-parked-").FullName;
        using ManualResetEventSlim answers = new();
        try
        {
            await using Engine fresh = await SweepModels.StartSingleAsync(name, batch: 48, Options);
            await using Engine engine = await StartAsync(name, 3, Pages, o => o with { StateFolder = folder, StateBytes = 64 << 20 });
            engine.States!.WriteHook = answers.Wait;
            Random random = new(6);
            RunRequest[] requests = [.. Enumerable.Range(0, 3).Select(_ => Request(engine, random, Most, "a"))];
            RunResult[] results;
            try
            {
                results = await RunAsync(engine, requests).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            }
            finally
            {
                answers.Set();
            }

            Assert.InRange(engine.Status().Parks, 1, 100);
            for (int i = 0; i < requests.Length; i++)
            {
                RunRequest alone = requests[i] with { ReuseScope = null };
                Assert.Equal((await fresh.RunAsync(alone, CancellationToken.None)).Ids, results[i].Ids);
            }

            await engine.DisposeAsync();
            Assert.Null(engine.StateFault);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Sequence_CancelledWhileItWaitsForPages_HasWhatItHad()
    {
        await using Engine fresh = await SweepModels.StartSingleAsync("llama", batch: 48, Options);
        await using Engine engine = await StartAsync("llama", 2, Pages);
        Random random = new(8);
        using CancellationTokenSource cancel = new();
        Func<int, bool> waits = Latecomers(engine, 2);
        RunRequest young = Request(engine, random, Most, "a"), old = Request(engine, random, Most, "a") with
        {
            OnToken = id =>
            {
                if (engine.Status().Pages.Parked > 0)
                {
                    cancel.Cancel();
                }

                return waits(id);
            },
        };
        Task<RunResult> first = engine.RunAsync(old, CancellationToken.None), second = engine.RunAsync(young, cancel.Token);
        RunResult cancelled = await second;
        Assert.Equal(("cancelled", 1), (cancelled.FinishReason, cancelled.Parks));
        Assert.InRange(cancelled.BytesStreamed, 1, long.MaxValue);
        int[] alone = (await fresh.RunAsync(young, CancellationToken.None)).Ids;
        Assert.InRange(cancelled.Ids.Length, 1, Most - 1);
        Assert.Equal(alone[..cancelled.Ids.Length], cancelled.Ids);
        Assert.Equal(Most, (await first).Ids.Length);
        Assert.Equal(0, engine.Status().Pages.Held);
    }

    [Fact]
    public async Task Sequences_WithoutPagesForAll_WaitForTheirTurnAndKeptOnesMakeRoom()
    {
        await using Engine engine = await StartAsync("llama", 4, 4); // one context in all
        Random random = new(11);
        RunRequest[] requests = [.. Enumerable.Range(0, 8).Select(_ => Request(engine, random, 12, "a"))];
        RunResult[] results = await Task.WhenAll(requests.Select(r => engine.RunAsync(r, CancellationToken.None)));
        Assert.All(results, r => Assert.Equal((12, 0), (r.Ids.Length, r.Parks)));
        Assert.Equal((4, 0), (engine.Status().Pages.Total, engine.Status().Pages.Held));
    }

    [Fact]
    public async Task Logits_OfAWholeContext_TakeThePagesThatOthersKept()
    {
        await using Engine engine = await StartAsync("llama", 3, 4);
        Random random = new(12);
        for (int i = 0; i < 3; i++)
        {
            await engine.RunAsync(Request(engine, random, 2, "a"), CancellationToken.None);
        }

        int rows = 0;
        await engine.LogitsAsync([.. Enumerable.Range(0, Context).Select(i => i % 7)], (_, _) => rows++, CancellationToken.None);
        Assert.Equal(Context, rows);
    }

    private static Task<Engine> StartAsync(string name, int sequences, int pages, Func<EngineOptions, EngineOptions>? change = null) =>
        SweepModels.StartAsync(name, sequences, batch: 48, pages: pages, change: o => Options(change?.Invoke(o) ?? o));

    private static EngineOptions Options(EngineOptions options) => options with
    {
        Context = Context,
        KeepsSnapshots = true,
        Drafts = DraftMode.Prompt,
    };

    /// <summary>Runs requests beside each other.</summary>
    private static Task<RunResult[]> RunAsync(Engine engine, RunRequest[] requests)
    {
        Func<int, bool> waits = Latecomers(engine, requests.Length);
        return Task.WhenAll(requests.Select(r => engine.RunAsync(r with { OnToken = waits }, CancellationToken.None)));
    }

    /// <summary>A reader that takes its first token only when so many requests have come.</summary>
    private static Func<int, bool> Latecomers(Engine engine, int requests)
    {
        bool haveCome = false;
        return _ =>
        {
            haveCome = haveCome || SpinWait.SpinUntil(
                () => engine.Status().RunningSequences + engine.Status().WaitingSequences >= requests, TimeSpan.FromMinutes(1));
            return !haveCome;
        };
    }

    private static RunRequest Request(Engine engine, Random random, int tokens, string? scope) => SweepModels.Request(
        SweepModels.Tokens(random, engine, Prompt), tokens, scope);
}
