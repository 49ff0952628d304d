using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Building;
using Xunit;

namespace LayerStream.Golden.Tests;

public sealed class ArchitectureTests
{
    // Cases of the shared data that are not part of this project.
    private static readonly string[] s_shared =
    [
        "gemma3-62", "gemma3-base-default", "gemma3-period3", "gemma3-softcap", "gemma3-untied", "gemma4-nosoftcap", "granite-norope",
        "llama-bias", "llama-defaults", "llama-linear", "llama-rope3", "llama-yarn", "olmo2", "olmo3-yarn",
        "phi3-long", "phi3-partial", "phi3-short", "phi3-window", "qwen2-fused-qkv", "qwen2-fused-qkv-biases", "qwen2-output-bias",
        "qwen3-long", "qwen3-scale", "qwen3-tied", "qwen35", "qwen35-3k6v", "smollm3-6",
    ];

    public static TheoryData<string> Cases => [.. GoldenCase.Own.Where(IsDense).Concat(s_shared)];

    public static TheoryData<string> Own => [.. GoldenCase.Own.Where(IsDense)];

    public static TheoryData<string> Quantised => ["llama-q4_0", "llama-q8_0", "gemma3-q4_0", "gemma3-q8_0"];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_OnTheReferencePath_AgreeToTwoThousandths(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        Assert.InRange((await CompareAsync(golden, KvType.F32, ActivationMode.F32)).Worst, 0, 2e-3);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_ByDefault_AgreeToTheRoundingOfHalves(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        Assert.InRange((await CompareAsync(golden, KvType.F16, ActivationMode.Int8)).Worst, 0, name == "llama-tied-rope3" ? 5e-2 : 2e-2);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Greedy_OnTheReferencePath_GivesTheReferenceIds(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        await using Engine engine = await StartAsync(golden, KvType.F32, ActivationMode.F32);
        RunResult result = await engine.RunAsync(
            new RunRequest
            {
                Prompt = golden.Tokens[..golden.PromptTokens],
                MaxTokens = golden.Greedy.Length,
                OnToken = _ => false,
                Sample = (logits, _) => LogitDistance.IndexOfMax(logits),
            },
            CancellationToken.None);
        Assert.Equal(golden.Greedy, result.Ids);
    }

    [Theory]
    [MemberData(nameof(Own))]
    public async Task Logits_OfPromptThenSingleSteps_AreTheBitsOfOneBatch(string name)
    {
        const int Prompt = 17;
        GoldenCase golden = GoldenCase.Load(name);
        await using Engine engine = await StartAsync(golden, KvType.F16, ActivationMode.Int8);
        List<float[]> batch = [], steps = [];
        await engine.LogitsAsync(golden.Tokens, (_, row) => batch.Add(row.ToArray()), CancellationToken.None);
        await engine.RunAsync(
            new RunRequest
            {
                Prompt = golden.Tokens[..Prompt],
                MaxTokens = golden.Tokens.Length - Prompt,
                OnToken = _ => false,
                Sample = (logits, history) =>
                {
                    steps.Add(logits.ToArray());
                    return golden.Tokens[history.Count];
                },
            },
            CancellationToken.None);
        Assert.Equal(golden.Tokens.Length - Prompt, steps.Count);
        for (int i = 0; i < steps.Count; i++)
        {
            Assert.Equal(batch[Prompt - 1 + i], steps[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public async Task QuantisedModel_BesideExactArithmetic_DivergesByItsActivationsOnly(string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        Assert.InRange((await CompareAsync(golden, KvType.F32, ActivationMode.F32)).Divergence, -1e-9, 1e-6);
        Assert.InRange((await CompareAsync(golden, KvType.F16, ActivationMode.Int8)).Divergence, -1e-9, 0.02);
    }

    [Fact]
    public void UnsupportedModel_Opened_IsRefusedWithEveryGap()
    {
        using PatchedModel unknown = PatchedModel.Replace(GoldenCase.Load("llama"), "llama", "xlama");
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(
            () => Engine.Plan(GgufModel.Open(unknown.Path), new EngineOptions { ModelPath = unknown.Path, BudgetBytes = 1L << 30 }));
        Assert.Contains("xlama", error.Message, StringComparison.Ordinal);
    }

    private static bool IsDense(string name) => ModelSpecBuilder.Build(GgufModel.Open(GoldenCase.Load(name).Model)).ExpertBanks.Count == 0;

    private static Task<Engine> StartAsync(GoldenCase golden, KvType kv, ActivationMode activations) => Engine.StartAsync(
        GgufModel.Open(golden.Model),
        new EngineOptions
        {
            ModelPath = golden.Model,
            BudgetBytes = 512L << 20,
            RuntimeReserveBytes = 64L << 20,
            Context = golden.Context,
            KvType = kv,
            Activations = activations
        },
        null,
        CancellationToken.None);

    private static async Task<LogitDistance> CompareAsync(GoldenCase golden, KvType kv, ActivationMode activations)
    {
        await using Engine engine = await StartAsync(golden, kv, activations);
        List<float[]> rows = [];
        await engine.LogitsAsync(golden.Tokens, (_, row) => rows.Add(row.ToArray()), CancellationToken.None);
        Assert.Equal(golden.Tokens.Length, rows.Count);
        return LogitDistance.Between(golden, rows);
    }
}
