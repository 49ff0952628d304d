using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Building;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>What the lossy options of models with experts compute.</summary>
public sealed class LossyExpertTests
{
    private const int Unreachable = 1; // a share that no expert of several has

    [Theory]
    [InlineData("mixtral", "llama.expert_used_count", 1)]
    [InlineData("olmoe", "olmoe.expert_used_count", 3)]
    [InlineData("qwen3moe", "qwen3moe.expert_used_count", 2)]
    [InlineData("gptoss", "gpt-oss.expert_used_count", 1)]
    [InlineData("deepseek3", "deepseek2.expert_used_count", 2)]
    [InlineData("qwen35moe", "qwen35moe.expert_used_count", 3)]
    [InlineData("gemma4moe", "gemma4.expert_used_count", 1)]
    public void Fewer_OfAnyFamily_ComputeWhatAFileWithThatNumberDoes(string name, string key, int experts)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using PatchedModel stated = PatchedModel.Set(golden, (key, experts));
        List<float[]> expected = Logits(golden, stated.Path, 0), actual = Logits(golden, golden.Model, experts);
        Assert.Equal(expected, actual);
        Assert.NotEqual(Logits(golden, golden.Model, 0), actual);
    }

    [Fact]
    public void Fewer_AsManyAsTheModelUses_ChangesNothingAndMoreIsRefused()
    {
        GoldenCase golden = GoldenCase.Load("qwen3moe");
        Assert.Equal(Logits(golden, golden.Model, 0), Logits(golden, golden.Model, 4));
        ModelSpec spec = ModelSpecBuilder.Build(GgufModel.Open(golden.Model));
        Assert.Contains("own number is 4", Assert.Throws<LossyOptionException>(() => FewerExperts.Apply(spec, 5)).Message,
            StringComparison.Ordinal);
        Assert.All(FewerExperts.Apply(spec, 3).ExpertBanks, b => Assert.Equal(3, b.Used));
    }

    [Fact]
    public void Fewer_OfADenseModel_IsRefused()
    {
        ModelSpec spec = ModelSpecBuilder.Build(GgufModel.Open(GoldenCase.Load("llama").Model));
        Assert.Contains("has none", Assert.Throws<LossyOptionException>(() => FewerExperts.Apply(spec, 1)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3moe", Unreachable, false)] // nothing is cold
    [InlineData("qwen3moe", 1e-7f, true)]       // everything is, and nothing weighs as little
    [InlineData("deepseek3", Unreachable, false)]
    public void DropCold_WhereNothingIsColdOrLight_ComputesTheModelsOwn(string name, float share, bool areCold)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using MemoryModel model = new(golden.Model, golden.Context, KvType.F32, ActivationMode.F32, coldShare: share);
        model.Experts.IsCold = (_, _) => areCold;
        Assert.Equal(Logits(golden, golden.Model, 0), model.Run(golden.Tokens, 7, 20));
        Assert.Equal(0, model.Decoder.SkippedExperts);
    }

    [Theory]
    [InlineData("olmoe", true)]     // its weights are not divided by their sum, so that fewer of them are the same weights
    [InlineData("qwen3moe", false)] // its weights are: after a drop they no longer sum to 1, where fewer experts' weights do
    public void DropCold_AllButTheBest_KeepsTheirWeightsAsTheyAre(string name, bool isAsFewer)
    {
        const int Best = 2;
        GoldenCase golden = GoldenCase.Load(name);
        using MemoryModel model = new(golden.Model, golden.Context, KvType.F32, ActivationMode.F32, coldShare: Unreachable);
        HashSet<(int, int)> here = [];
        model.Decoder.Routes = (bank, _, experts, _) =>
        {
            here.Clear();
            here.UnionWith(experts[..Best].ToArray().Select(e => (bank, e)));
        };
        model.Experts.IsCold = (bank, expert) => !here.Contains((bank, expert));
        List<float[]> actual = model.Run(golden.Tokens), fewer = Logits(golden, golden.Model, Best);
        Assert.Equal(golden.Tokens.Length * model.Spec.ExpertBanks.Count * (4 - Best), model.Decoder.SkippedExperts);
        Assert.Equal(golden.Tokens.Length * model.Spec.ExpertBanks.Count * Best, model.Experts.Announced);
        if (isAsFewer)
        {
            Assert.Equal(fewer, actual);
        }
        else
        {
            Assert.NotEqual(fewer, actual);
        }
    }

    [Fact]
    public void DropCold_EverythingCold_LeavesTheSharedNetwork()
    {
        GoldenCase golden = GoldenCase.Load("qwen35moe");
        using MemoryModel model = new(golden.Model, golden.Context, KvType.F32, ActivationMode.F32, coldShare: Unreachable);
        model.Experts.IsCold = (_, _) => true;
        List<float[]> logits = model.Run(golden.Tokens);
        Assert.Equal(0, model.Experts.Announced);
        Assert.All(logits, row => Assert.True(row.All(float.IsFinite)));
        Assert.NotEqual(Logits(golden, golden.Model, 0), logits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void DropCold_OfAPass_SkipsWhatNoRowNeeds(int rows)
    {
        const float Least = 0.24f;
        GoldenCase golden = GoldenCase.Load("qwen3moe");
        using MemoryModel model = new(golden.Model, golden.Context, KvType.F32, ActivationMode.F32, coldShare: Least);
        model.Experts.IsCold = (_, expert) => expert % 3 > 0;
        Dictionary<(int Pass, int Bank, int Expert), (float Most, int Pairs)> choices = [];
        int pass = 0, bankBefore = -1;
        model.Decoder.Routes = (bank, _, experts, weights) =>
        {
            pass += bank < bankBefore ? 1 : 0;
            bankBefore = bank;
            for (int i = 0; i < experts.Length; i++)
            {
                (float most, int pairs) = choices.GetValueOrDefault((pass, bank, experts[i]));
                choices[(pass, bank, experts[i])] = (Math.Max(most, weights[i]), pairs + 1); // this family's weights sum to 1
            }
        };
        List<float[]> logits = [];
        for (int at = 0; at < golden.Tokens.Length; at += rows)
        {
            model.Run(golden.Tokens[at..(at + rows)], at, logits);
        }

        var skipped = choices.Where(c => c.Key.Expert % 3 > 0 && c.Value.Most < Least).ToList();
        Assert.NotEmpty(skipped);
        Assert.Equal(skipped.Sum(c => c.Value.Pairs), model.Decoder.SkippedExperts);
        Assert.Equal(choices.Count - skipped.Count, model.Experts.Announced);
    }

    private static List<float[]> Logits(GoldenCase golden, string path, int experts)
    {
        using MemoryModel model = new(path, golden.Context, KvType.F32, ActivationMode.F32, expertsPerToken: experts);
        return model.Run(golden.Tokens);
    }
}
