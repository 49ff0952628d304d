using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>A case's file written in another form that means the same has the case's logits.</summary>
public sealed class EquivalentFormTests
{
    private static readonly (string Form, string Cases)[] s_rows =
    [
        ("keys per block", "llama gemma3 gptoss deepseek3 qwen35moe gemma4moe mixtral"),
        ("wide keys", "mistral3-temperature gemma4moe deepseek3 qwen35moe gptoss granite"),
        ("fused attention",
            "mistral3like qwen2 qwen3 gptoss llama4 gemma3 gemma4moe gemma4-e olmo3 smollm3 seedoss qwen35moe qwen3next-ssm-in granite"),
        ("fused attention, separate biases", "qwen2 gptoss seedoss"),
        ("split attention", "phi3"),
        ("fused network", "llama gemma3 gemma4moe deepseek3 llama4 olmo3 qwen35moe"),
        ("fused experts", "mixtral gptoss deepseek3 llama4 qwen35moe"),
        ("split experts", "gemma4moe"),
        ("scales", "llama gptoss deepseek3 deepseek2-kv-b llama4 gemma4moe gemma4-e qwen35moe qwen3next-ssm-in mixtral phi3"),
        ("one scale for all experts", "mixtral gptoss deepseek3"),
        ("biases of zero",
            "llama mixtral gptoss deepseek3 deepseek2-kv-b gemma3 gemma4moe gemma4-e llama4 qwen35moe qwen3next-ssm-in phi3 olmo3"),
        ("block to predict with", "deepseek3 qwen35moe qwen3next-ssm-in"),
        ("no key lengths", "llama"),
        ("no expert keys", "deepseek3 qwen35moe"),
        ("no gating key", "glm4moe minimax-m2"),
        ("no kinds of layers", "gemma3 olmo3 qwen35moe qwen3next-ssm-in"),
        ("factor without scaling", "llama qwen2 qwen35moe"),
        ("equal selection biases", "mixtral llama4 gptoss qwen35moe"),
        ("predictor counted that is a layer", "qwen35 deepseek3 qwen3next"),
        ("predictor not counted", "deepseek3 qwen35moe"),
        ("predictor counted and left out", "qwen35 deepseek3"),
        ("tensors of other types", "llama mixtral"),
        ("factors by their other name", "llama gptoss deepseek3 gemma4moe mixtral"),
        ("trailing ones", "llama mixtral deepseek3 gemma4moe qwen35moe"),
        ("one tensor per expert", "mixtral qwen3moe deepseek3"),
        ("alignment 8", "llama mixtral"),
        ("alignment 24", "llama gptoss"),
        ("alignment 4096", "llama"),
        ("as mistral3", "llama mixtral"),
        ("as granite", "granitemoe granitemoe-shared"),
    ];

    public static TheoryData<string, string> Forms
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach ((string form, string cases) in s_rows)
            {
                Array.ForEach(cases.Split(' '), name => data.Add(form, name));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Logits_OfTheSameModelInAnotherForm_AreTheSame(string form, string name)
    {
        GoldenCase golden = GoldenCase.Load(name);
        using RewrittenModel model = new(golden);
        EquivalentForms.All[form](model);
        Assert.InRange(LogitDistance.Between(golden, Run(model.Write(), golden)).Worst, 0, 2e-3);
    }

    [Fact]
    public void Logits_Gemma3WithoutAWindow_AreThoseOfFullLayersOnly()
    {
        GoldenCase golden = GoldenCase.Load("gemma3");
        using RewrittenModel without = new(golden), never = new(golden);
        without.Keys.Remove(without.Key("attention.sliding_window"));
        never.Keys[never.Key("attention.sliding_window_pattern")] = new bool[never.Blocks];
        GoldenCase expected = golden with { Logits = [.. Run(never.Write(), golden).SelectMany(r => r)] };
        Assert.Equal(0, LogitDistance.Between(expected, Run(without.Write(), golden)).Worst);
        Assert.InRange(LogitDistance.Between(golden, Run(without.Write(), golden)).Worst, 0.1, 1e3);
    }

    [Fact]
    public void Logits_WithoutTheSharedExpertsTensors_AreThoseOfASharedExpertOfZero()
    {
        GoldenCase golden = GoldenCase.Load("qwen35moe");
        using RewrittenModel without = new(golden), zero = new(golden);
        foreach (string name in without.Tensors.Keys.Where(n => n.EndsWith("_shexp.weight", StringComparison.Ordinal)).ToList())
        {
            without.Take(name);
            zero.Tensors[name] = zero.Tensors[name] with { Bytes = new byte[zero.Tensors[name].Bytes.Length] };
        }

        GoldenCase expected = golden with { Logits = [.. Run(zero.Write(), golden).SelectMany(r => r)] };
        Assert.InRange(LogitDistance.Between(expected, Run(without.Write(), golden)).Worst, 0, 1e-6);
    }

    private static List<float[]> Run(string path, GoldenCase golden)
    {
        using MemoryModel model = new(path, golden.Context, KvType.F32, ActivationMode.F32);
        return model.Run(golden.Tokens, golden.Tokens.Length);
    }
}
