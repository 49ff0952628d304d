using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Kernels;
using Xunit;

namespace LayerStream.Golden.Tests;

public sealed class ArchitectureTests
{
    public static TheoryData<string> Families => ["llama", "llama-tied-rope3", "mistral3like", "qwen2", "qwen3"];

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Logits_OnTheReferencePath_AgreeToTwoThousandths(string family)
    {
        GoldenCase golden = GoldenCase.Load(family);
        Assert.InRange(await WorstAsync(golden, KvType.F32, ActivationMode.F32), 0, 2e-3);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Logits_ByDefault_AgreeToTheRoundingOfHalves(string family)
    {
        GoldenCase golden = GoldenCase.Load(family);
        Assert.InRange(await WorstAsync(golden, KvType.F16, ActivationMode.Int8), 0, family == "llama-tied-rope3" ? 5e-2 : 2e-2);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task Greedy_OnTheReferencePath_GivesTheReferenceIds(string family)
    {
        GoldenCase golden = GoldenCase.Load(family);
        await using Engine engine = await StartAsync(golden, KvType.F32, ActivationMode.F32);
        RunResult result = await engine.RunAsync(
            new RunRequest
            {
                Prompt = golden.Tokens[..golden.PromptTokens],
                MaxTokens = golden.Greedy.Length,
                OnToken = _ => false,
                Sample = (logits, _) => IndexOfMax(logits),
            },
            CancellationToken.None);
        Assert.Equal(golden.Greedy, result.Ids);
    }

    [Fact]
    public void UnknownArchitecture_IsRefusedWithEveryGap()
    {
        string? shared = SharedGolden.Find("arch/gemma4moe/model.gguf");
        if (shared is null)
        {
            Assert.Skip("the shared golden data is not beside the project");
        }

        Models.UnsupportedModelException error = Assert.Throws<Models.UnsupportedModelException>(
            () => Engine.Plan(GgufModel.Open(shared), new EngineOptions { ModelPath = shared, BudgetBytes = 1L << 30 }));
        Assert.Contains("gemma4", error.Message, StringComparison.Ordinal);
    }

    private static Task<Engine> StartAsync(GoldenCase golden, KvType kv, ActivationMode activations) => Engine.StartAsync(
        GgufModel.Open(golden.Model),
        new EngineOptions { ModelPath = golden.Model, BudgetBytes = 512L << 20, Context = 96, KvType = kv, Activations = activations },
        null,
        CancellationToken.None);

    private static async Task<double> WorstAsync(GoldenCase golden, KvType kv, ActivationMode activations)
    {
        await using Engine engine = await StartAsync(golden, kv, activations);
        double worst = 0;
        int rows = 0;
        await engine.LogitsAsync(
            golden.Tokens,
            (position, row) =>
            {
                rows++;
                for (int i = 0; i < golden.Vocabulary; i++)
                {
                    worst = Math.Max(worst, Math.Abs(row.Span[i] - golden.Logits[(position * golden.Vocabulary) + i]));
                }
            },
            CancellationToken.None);
        Assert.Equal(golden.Tokens.Length, rows);
        return worst;
    }

    private static int IndexOfMax(Span<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
