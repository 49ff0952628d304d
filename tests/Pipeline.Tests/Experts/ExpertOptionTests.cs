using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Planning;
using LayerStream.Planning.Experts;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Policies, lossy options and figures of experts on the ring.</summary>
public sealed class ExpertOptionTests
{
    public static TheoryData<string> Policies => [.. ExpertPolicies.All.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Run_UnderAnyPolicy_ComputesTheSame(string policy)
    {
        List<float[]> expected = await LogitsAsync(Options(), 1000);
        foreach (int residents in (int[])[0, 1, 5])
        {
            await using Engine engine = await StartAsync(Options() with { ExpertPolicy = policy }, residents);
            Assert.Equal(policy, engine.CurrentPlan.Experts.Policy.Name);
            Assert.Equal(expected, await LogitsAsync(engine));
            Assert.Equal(residents > 0, engine.Status().ExpertHits > 0);
        }
    }

    [Fact]
    public async Task Policies_WithTheSameSlots_HitDifferently()
    {
        Dictionary<string, long> hits = [];
        foreach (string policy in (string[])["lru", "forecast-shared"])
        {
            await using Engine engine = await StartAsync(Options() with { ExpertPolicy = policy }, 2);
            await LogitsAsync(engine);
            hits[policy] = engine.Status().ExpertHits;
        }

        Assert.NotEqual(hits["lru"], hits["forecast-shared"]);
    }

    [Fact]
    public async Task DropCold_AtFewSlots_SkipsReadsLessAndRepeats()
    {
        EngineOptions lossy = Options() with { DropColdExperts = 0.24f };
        await using Engine exact = await StartAsync(Options(), 4), first = await StartAsync(lossy, 4), second = await StartAsync(lossy, 4);
        List<float[]> expected = await LogitsAsync(exact), actual = await LogitsAsync(first);
        Assert.Equal(actual, await LogitsAsync(second));
        Assert.NotEqual(expected, actual);
        EngineStatus without = exact.Status(), with = first.Status();
        Assert.Equal(0, without.ExpertsSkipped);
        Assert.True(with.ExpertsSkipped > 0);
        Assert.True(with.ExpertBytesDemanded < without.ExpertBytesDemanded);
        Assert.Equal(["--drop-cold-experts 0.24"], first.CurrentPlan.Lossy);
        RunResult run = await first.RunAsync(TinyModel.Request(8), CancellationToken.None);
        Assert.InRange(run.ExpertsSkipped, 1, first.Status().ExpertsSkipped - with.ExpertsSkipped);
    }

    [Fact]
    public async Task DropCold_EveryExpertInMemory_ComputesTheModelsOwn()
    {
        await using Engine engine = await StartAsync(Options() with { DropColdExperts = 1 }, 1000);
        Assert.Equal(await LogitsAsync(Options(), 1000), await LogitsAsync(engine));
        Assert.Equal(0, engine.Status().ExpertsSkipped);
    }

    [Fact]
    public async Task DropCold_EveryChoice_StillFreesEverySlot()
    {
        await using Engine engine = await StartAsync(Options() with { DropColdExperts = 1 }, 1);
        Assert.All(await LogitsAsync(engine), row => Assert.True(row.All(float.IsFinite)));
        EngineStatus status = engine.Status();
        Assert.Equal((0, 0), (status.ExpertHits, status.ExpertMisses));
        Assert.Equal((status.TotalSlots, status.TransientSlots), (status.FreeSlots, status.FreeTransientSlots));
    }

    [Fact]
    public async Task Fewer_OnTheRing_DemandsFewerAndSaysSo()
    {
        EngineOptions lossy = Options() with { ExpertsPerToken = 2 };
        List<float[]> expected = await LogitsAsync(lossy, 1000);
        await using Engine engine = await StartAsync(lossy, 1), exact = await StartAsync(Options(), 1);
        Assert.Equal(expected, await LogitsAsync(engine));
        Assert.NotEqual(expected, await LogitsAsync(exact));
        Assert.True(engine.Status().ExpertBytesDemanded < exact.Status().ExpertBytesDemanded);
        Assert.Equal(["--experts 2 (the model's own: 4)"], engine.CurrentPlan.Lossy);
        // both divisions are the test's own
        Assert.Equal(exact.CurrentPlan.Experts.RoutedBytesPerToken, engine.CurrentPlan.Experts.RoutedBytesPerToken);
        Assert.Empty(exact.CurrentPlan.Lossy);
        Assert.Equal(2 * Plan(lossy).Experts.RoutedBytesPerToken, Plan(Options()).Experts.RoutedBytesPerToken);
        Assert.Empty(Plan(Options() with { ExpertsPerToken = 4 }).Lossy);
    }

    [Fact]
    public async Task Status_AfterAFailedLayer_CountsItsReadsAsWasted()
    {
        using ExpertModel model = new();
        await using Engine engine = await model.StartAsync(0, 2);
        long bytes = model.Spec.ExpertBanks[0].ExpertBytes;
        await Assert.ThrowsAsync<InvalidDataException>(() => engine.ExecuteAsync(
            session =>
            {
                session.BeginPass();
                session.Experts.Demand(0, [2, 5], [0.6f, 0.4f]);
                for (int i = 0; i < 1000 && engine.Status().BytesRead < 2 * bytes; i++)
                {
                    Thread.Sleep(2);
                }

                throw new InvalidDataException("a layer that nobody ends");
            },
            null,
            CancellationToken.None));
        EngineStatus status = engine.Status();
        Assert.Equal((0, 2), (status.ExpertHits, status.ExpertMisses));
        Assert.Equal((2 * bytes, 2 * bytes), (status.ExpertBytesDemanded, status.ExpertBytesWasted));
    }

    private static EngineOptions Options() => TinyModel.Options() with { ModelPath = Model() };

    private static string Model()
    {
        string? folder = GoldenExpertTests.Find("qwen3moe");
        Assert.SkipWhen(folder is null, "the golden data is not beside the project");
        return Path.Combine(folder, "model.gguf");
    }

    private static EnginePlan Plan(EngineOptions options) => Engine.Plan(GgufModel.Open(options.ModelPath), options);

    private static async Task<Engine> StartAsync(EngineOptions options, int residents)
    {
        EnginePlan plan = TinyModel.StreamingPlan(options, 8192);
        ExpertPlan experts = ExpertModel.Division(plan.Spec, residents, 2) with { Policy = plan.Experts.Policy };
        return await Engine.StartAsync(plan.Divided(plan.Spec, plan.Memory with { Experts = experts }), options,
            FlashDevice.Open([options.ModelPath]), null, CancellationToken.None);
    }

    private static async Task<List<float[]>> LogitsAsync(EngineOptions options, int residents)
    {
        await using Engine engine = await StartAsync(options, residents);
        return await LogitsAsync(engine);
    }

    private static async Task<List<float[]>> LogitsAsync(Engine engine)
    {
        List<float[]> logits = [];
        await engine.LogitsAsync([.. TinyModel.Prompt, .. TinyModel.Prompt.Reverse()], (_, row) => logits.Add(row.ToArray()),
            CancellationToken.None);
        return logits;
    }
}
