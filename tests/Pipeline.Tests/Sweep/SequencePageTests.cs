using LayerStream.Actors;
using LayerStream.Actors.Run;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Sequences of several pages: those that begin alike share full pages, and every one has the ids of its single run.</summary>
public sealed class SequencePageTests
{
    private const int Context = 512;

    public static TheoryData<string> Models => [.. SweepModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_OfSeveralPages_ShareFullOnesAndEndAsAlone(string name)
    {
        await using Engine fresh = await SweepModels.StartSingleAsync(name, batch: 48, Options);
        await using Engine engine = await StartAsync(name, 3);
        Random random = new(9);
        int[] beginning = SweepModels.Tokens(random, engine, 300);
        await engine.RunAsync(Request(beginning, 2), CancellationToken.None);
        foreach (int common in new[] { 300, 260, 130 })
        {
            RunRequest[] requests = [.. Enumerable.Range(0, 3)
                .Select(i => Request([.. beginning.Take(common), .. SweepModels.Tokens(random, engine, 20 + (50 * i))], 6))];
            RunResult[] results = await Task.WhenAll(requests.Select(r => engine.RunAsync(r, CancellationToken.None)));
            for (int i = 0; i < requests.Length; i++)
            {
                RunResult expected = await fresh.RunAsync(requests[i] with { ReuseScope = null }, CancellationToken.None);
                Assert.Equal(expected.Ids, results[i].Ids);
            }
        }

        PageCounts pages = engine.Status().Pages;
        Assert.Equal((0, pages.Total), (pages.Held, pages.Free + pages.Kept));
    }

    [Fact]
    public async Task Sequences_WithoutAScope_LeaveNoPages()
    {
        await using Engine engine = await StartAsync("llama", 2);
        int[] prompt = SweepModels.Tokens(new Random(3), engine, 200);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => engine.RunAsync(Request(prompt, 3) with { ReuseScope = null },
            CancellationToken.None)));
        Assert.Equal(new PageCounts(8, 0, 0, 8, 0), engine.Status().Pages);
    }

    [Fact]
    public async Task Forks_OfOnePrompt_HoldItsPagesOnce()
    {
        await using Engine engine = await StartAsync("llama", 3);
        int[] prompt = SweepModels.Tokens(new Random(4), engine, 260);
        await engine.RunAsync(Request(prompt, 0), CancellationToken.None);
        int shared = 0;
        RunRequest Fork(int last) => Request([.. prompt, last], 8) with
        {
            OnToken = _ =>
            {
                EngineStatus now = engine.Status();
                shared = Math.Max(shared, now.RunningSequences == 3 ? now.Pages.Shared : 0);
                return false;
            },
        };
        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => engine.RunAsync(Fork(i), CancellationToken.None)));
        Assert.Equal(2, shared);
    }

    private static Task<Engine> StartAsync(string name, int sequences) =>
        SweepModels.StartAsync(name, sequences, batch: 48, change: Options);

    private static EngineOptions Options(EngineOptions options) => options with { Context = Context, KeepsSnapshots = true };

    private static RunRequest Request(int[] prompt, int tokens) => SweepModels.Request(prompt, tokens, "a");
}
