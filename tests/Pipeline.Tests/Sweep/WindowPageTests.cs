using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Layers with a window in a few pages of each sequence's own: what is behind it is given up, and nothing else changes.</summary>
public sealed class WindowPageTests
{
    private const int Context = 640; // five pages
    private const int Batch = 48;
    private const int Windows = 2; // the fewest with which such passes see what they look at: 16 keys and 48 rows
    private const int Least = 399; // where tokens up to 512 were written: three pages of 128, and a window of 16

    public static TheoryData<string> Models => ["gemma3", "gemma4-e", "gptoss"];

    [Theory]
    [MemberData(nameof(Models))]
    public void Plan_OfMoreThanItsShare_HasPagesForTheWindowsOnly(string name)
    {
        (MemoryPlan all, MemoryPlan few) = (Plan(name, 1, 1024, false), Plan(name, 1, 1024, true));
        Assert.Equal((0, 8, 8), (all.WindowPages, all.Pages, few.Pages)); // one whole context in any case
        Assert.InRange(few.WindowPages, 1, 7);
        Assert.InRange(Kept(few), 1, Kept(all) - 1);
        Assert.Equal(0, Plan(name, 1, 256, true).WindowPages); // a short context lies in the pages of all layers
        Assert.Equal(0, Plan(name, 1, 1024, true, budgetBytes: 1L << 30).WindowPages); // and where these suffice
        (all, few) = (Plan(name, 1, 0, false), Plan(name, 1, 0, true));
        Assert.InRange(few.Context, all.Context + 1, 1024);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Logits_OfALongSequence_HaveTheBitsOfOneThatKeepsAll(string name)
    {
        await using Engine all = await StartAsync(name, 1, 0), few = await StartAsync(name, 1, Windows);
        int[] ids = SweepModels.Tokens(new Random(2), all, Context);
        Assert.Equal(await LogitsAsync(all, ids), await LogitsAsync(few, ids));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequence_ThatGoesOnFromWhatIsLeft_ReadsNoMoreThanItMust(string name)
    {
        await using Engine fresh = await StartAsync(name, 1, 0), engine = await StartAsync(name, 1, Windows);
        int[] tokens = SweepModels.Tokens(new Random(3), engine, Context - 4);
        await engine.RunAsync(Request(tokens[..513], 0), CancellationToken.None);
        await CompareAsync([.. tokens[..514], 1], 513);
        await CompareAsync([.. tokens[..Least], 1, 2], Least); // as far back as the windows are there
        await engine.RunAsync(Request(tokens[..513], 0), CancellationToken.None);
        await CompareAsync([.. tokens[..(Least - 1)], 1, 2], 0);

        async Task CompareAsync(int[] prompt, int cached)
        {
            RunResult result = await engine.RunAsync(Request(prompt, 5), CancellationToken.None);
            RunResult expected = await fresh.RunAsync(Request(prompt, 5) with { ReuseScope = null }, CancellationToken.None);
            Assert.Equal((cached, 0), (result.CachedTokens, expected.CachedTokens));
            Assert.Equal(expected.Ids, result.Ids);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_WithASharedBeginning_TakeItOverWithItsWindows(string name)
    {
        await using Engine fresh = await StartAsync(name, 1, 0), engine = await StartAsync(name, 3, Windows + 1);
        Random random = new(9);
        int[] beginning = SweepModels.Tokens(random, engine, 560);
        await engine.RunAsync(Request(beginning, 2), CancellationToken.None);
        foreach (int common in new[] { 560, 450, 130 })
        {
            RunRequest[] requests = [.. Enumerable.Range(0, 3)
                .Select(i => Request([.. beginning.Take(common), .. SweepModels.Tokens(random, engine, 5 + (20 * i))], 6))];
            RunResult[] results = await Task.WhenAll(requests.Select(r => engine.RunAsync(r, CancellationToken.None)));
            Assert.True(common < Least || results.All(r => r.CachedTokens >= common), $"{common}");
            for (int i = 0; i < requests.Length; i++)
            {
                RunResult expected = await fresh.RunAsync(requests[i] with { ReuseScope = null }, CancellationToken.None);
                Assert.Equal(expected.Ids, results[i].Ids);
            }
        }
    }

    private static long Kept(MemoryPlan plan) => plan.Accounts.Single(a => a.Key == AccountNames.SequenceState).Value;

    private static MemoryPlan Plan(string name, int sequences, int context, bool mayDrop, long budgetBytes = 0)
    {
        ModelSpec spec = ModelSpecBuilder.Build(GgufModel.Open(SweepModels.PathOf(name)));
        PageLayout pages = new(spec, KvType.F32);
        long budget = budgetBytes > 0 ? budgetBytes : 8 * 7 * pages.PageBytes; // an eighth has seven of the eight pages
        return MemoryPlanner.Plan(new PlanInputs(spec, budget, 0, 0, Threads: 1, context, PrefetchDepth: 2, pages)
        {
            Sequences = sequences,
            MayDropBehindWindows = mayDrop,
        });
    }

    private static Task<Engine> StartAsync(string name, int sequences, int windows) => SweepModels.StartAsync(name, sequences, Batch,
        change: o => o with { Context = Context, KeepsSnapshots = true }, pinEvery: 1, windows: windows);

    private static async Task<float[][]> LogitsAsync(Engine engine, int[] ids)
    {
        float[][] rows = new float[ids.Length][];
        await engine.LogitsAsync(ids, (p, row) => rows[p] = row.ToArray(), CancellationToken.None);
        return rows;
    }

    private static RunRequest Request(int[] prompt, int tokens) => SweepModels.Request(prompt, tokens, "a");
}
