using System.Text.Json;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats.Routes;
using LayerStream.Models.Decoding;
using LayerStream.Planning;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Whole models with experts through the ring, at slots from the fewest to all: the reference's ids, and the same bits
/// everywhere.</summary>
public sealed class GoldenExpertTests
{
    private static readonly (int Residents, int Transients, int Depth, int PinEvery)[] s_divisions = [(0, 1, 1, 0), (1, 1, 3, 2),
        (2, 3, 2, 0), (5, 2, 2, 3), (1000, 0, 1, 1)];

    [Theory]
    [InlineData("qwen3moe")]
    [InlineData("mixtral")]
    [InlineData("gptoss")]
    [InlineData("deepseek3")]
    [InlineData("llama4")]
    public async Task Run_AtAnyDivisionOfSlots_GivesTheReferenceIdsAndTheSameLogits(string family)
    {
        string? folder = Find(family);
        Assert.SkipWhen(folder is null, "the golden data is not beside the project");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        int[] tokens = [.. document.RootElement.GetProperty("tokens").EnumerateArray().Select(e => e.GetInt32())];
        int[] expected = [.. document.RootElement.GetProperty("greedy").GetProperty("tokens").EnumerateArray().Select(e => e.GetInt32())];
        List<float[]>? reference = null;
        int seed = 0;
        foreach ((int residents, int transients, int depth, int pinEvery) in s_divisions)
        {
            int s = ++seed;
            await using Engine engine = await StartAsync(Path.Combine(folder, "model.gguf"), residents, transients, depth, pinEvery, s);
            RunResult run = await engine.RunAsync(
                new RunRequest { Prompt = tokens[..16], MaxTokens = expected.Length, Sample = TinyModel.Greedy, OnToken = _ => false },
                    CancellationToken.None);
            Assert.Equal(expected, run.Ids);
            Assert.True(run.ExpertHits + run.ExpertMisses > 0);
            Assert.True(residents < 1000 || run.ExpertMisses == 0);
            List<float[]> logits = [];
            await engine.LogitsAsync(tokens, (_, row) => logits.Add(row.ToArray()), CancellationToken.None);
            reference ??= logits;
            Assert.Equal(reference, logits);
            Assert.Equal(engine.Status().TransientSlots, engine.Status().FreeTransientSlots);
        }
    }

    [Theory]
    [InlineData("qwen3moe")]
    [InlineData("gptoss")]
    [InlineData("deepseek3")]
    public async Task Run_WithPredictions_GivesTheSameLogitsAndReadsTheSameExperts(string family)
    {
        string? folder = Find(family);
        Assert.SkipWhen(folder is null, "the golden data is not beside the project");
        List<float[]>[] logits = [[], [], []];
        RunResult[] runs = new RunResult[3];
        foreach ((int at, PredictionMode mode, bool copies) in ((int, PredictionMode, bool)[])[(0, PredictionMode.On, false),
            (1, PredictionMode.Off, false), (2, PredictionMode.On, true)])
        {
            await using Engine engine = await StartAsync(Path.Combine(folder, "model.gguf"), 1, 4, 1, pinEvery: 1, seed: 3, mode, copies);
            runs[at] = await engine.RunAsync(
                new RunRequest { Prompt = TinyModel.Prompt, MaxTokens = 12, Sample = TinyModel.Greedy, OnToken = _ => false },
                    CancellationToken.None);
            await engine.LogitsAsync(TinyModel.Prompt, (_, row) => logits[at].Add(row.ToArray()), CancellationToken.None);
        }

        foreach (int at in (int[])[0, 2])
        {
            Assert.Equal(runs[1].Ids, runs[at].Ids);
            Assert.Equal(logits[1], logits[at]);
            Assert.Equal((runs[1].ExpertHits, runs[1].ExpertMisses, runs[1].BytesStreamed),
                (runs[at].ExpertHits, runs[at].ExpertMisses, runs[at].BytesStreamed));
            Assert.True(runs[at].PredictedBytesUseful > 0, "nothing was read ahead");
        }

        Assert.Equal(0, runs[1].PredictedBytesUseful + runs[1].PredictedBytesWasted);
        Assert.InRange(runs[2].PredictionAccuracy, runs[0].PredictionAccuracy - 0.1, 1); // copies guess nearly as well
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{family}: accuracy {runs[0].PredictionAccuracy:P0}, with copies of routers {runs[2].PredictionAccuracy:P0}");
    }

    [Fact]
    public async Task Routes_OfARun_AreReadBackTokenByToken()
    {
        string? folder = Find("qwen3moe");
        Assert.SkipWhen(folder is null, "the golden data is not beside the project");
        await using Engine engine = await StartAsync(Path.Combine(folder, "model.gguf"), 2, 2, 2, 0, 1);
        using MemoryStream stream = new();
        RouteHeader header = engine.CurrentPlan.RouteHeader!;
        using (RouteTraceWriter writer = new(stream, header))
        {
            await engine.RunAsync(
                new RunRequest
                {
                    Prompt = TinyModel.Prompt,
                    MaxTokens = 5,
                    Sample = TinyModel.Greedy,
                    OnToken = _ => false,
                    Routes = writer
                }, CancellationToken.None);
        }

        stream.Position = 0;
        RouteTrace trace = RouteTraceReader.Read(stream, "test");
        int banks = engine.Spec.ExpertBanks.Count, used = engine.Spec.ExpertBanks[0].Used;
        Assert.Equal(TinyModel.Prompt.Length + 4, trace.Tokens);
        Assert.Equal(trace.Tokens * banks, trace.Touches.Count);
        Assert.Equal(trace.Touches.Count * used, trace.Accesses);
        Assert.Equal(TinyModel.Prompt.Length * banks, trace.Touches.Count(t => t.Phase == 0));
        // The decode passes are single rows, so what they were routed to is what they demanded.
        long demanded = engine.Status().ExpertHits + engine.Status().ExpertMisses;
        Assert.InRange(trace.Touches.Where(t => t.Phase == 1).Sum(t => t.Count), 1, demanded);
    }

    private static async Task<Engine> StartAsync(string path, int residents, int transients, int depth, int pinEvery, int seed,
        PredictionMode prediction = PredictionMode.On, bool copiesRouters = false)
    {
        EngineOptions options = TinyModel.Options(depth: depth) with { ModelPath = path, Prediction = prediction };
        EnginePlan plan = TinyModel.StreamingPlan(options, 8192, pinEvery);
        plan = plan.Divided(plan.Spec, plan.Memory with
        {
            Experts = ExpertModel.Division(plan.Spec, residents, transients),
            RouterCopyBytes = copiesRouters ? RouterCopies.Bytes(plan.Spec) : 0,
        });
        ScriptedDevice device = new(FlashDevice.Open([path])) { DelayMicrosAt = n => Scramble.Of(seed, n, 100) };
        return await Engine.StartAsync(plan, options, device, null, CancellationToken.None);
    }

    internal static string? Find(string family)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "golden", "arch", family);
            if (Directory.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
