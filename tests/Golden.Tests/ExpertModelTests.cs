using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Architectures;
using LayerStream.Models.Building;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>What reading a model with experts, delta nets or latent attention refuses and resolves.</summary>
public sealed class ExpertModelTests
{
    [Theory]
    [InlineData("mixtral", "llama.expert_count", 0)]
    [InlineData("mixtral", "llama.expert_count", -1)]
    [InlineData("mixtral", "llama.expert_count", int.MaxValue)]
    [InlineData("mixtral", "llama.expert_used_count", 0)]
    [InlineData("mixtral", "llama.expert_used_count", 9)]
    [InlineData("mixtral", "llama.expert_used_count", -2)]
    [InlineData("deepseek3", "deepseek2.expert_group_count", 3)]
    [InlineData("deepseek3", "deepseek2.expert_group_count", -1)]
    [InlineData("deepseek3", "deepseek2.expert_group_used_count", 0)]
    [InlineData("deepseek3", "deepseek2.expert_group_used_count", 99)]
    [InlineData("deepseek3", "deepseek2.expert_gating_func", 5)]
    [InlineData("deepseek3", "deepseek2.attention.kv_lora_rank", 0)]
    [InlineData("deepseek3", "deepseek2.attention.kv_lora_rank", -8)]
    [InlineData("deepseek3", "deepseek2.attention.q_lora_rank", -8)]
    [InlineData("deepseek3", "deepseek2.rope.dimension_count", 4096)]
    [InlineData("deepseek3", "deepseek2.attention.key_length_mla", 2)]
    [InlineData("deepseek3", "deepseek2.attention.value_length_mla", -1)]
    [InlineData("deepseek3", "deepseek2.attention.head_count", 0)]
    [InlineData("qwen35moe", "qwen35moe.ssm.group_count", 3)]
    [InlineData("qwen35moe", "qwen35moe.ssm.group_count", 0)]
    [InlineData("qwen35moe", "qwen35moe.ssm.time_step_rank", -4)]
    [InlineData("qwen35moe", "qwen35moe.ssm.state_size", -1)]
    [InlineData("qwen35moe", "qwen35moe.ssm.conv_kernel", 0)]
    [InlineData("qwen35moe", "qwen35moe.ssm.conv_kernel", 17)]
    [InlineData("qwen35moe", "qwen35moe.ssm.inner_size", 63)]
    [InlineData("qwen35moe", "qwen35moe.ssm.inner_size", -64)]
    [InlineData("qwen35moe", "qwen35moe.full_attention_interval", 0)]
    public void Build_KeyOutOfRange_IsRefusedByTheNameOfTheKey(string name, string key, int value)
    {
        using PatchedModel model = PatchedModel.Set(GoldenCase.Load(name), (key, value));
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Build(model.Path));
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Offset, 24, new FileInfo(model.Path).Length); // of a value of the metadata
    }

    [Theory]
    [InlineData("mixtral", "llama.expert_count", 4, "blk.0.ffn_gate_inp.weight")]
    [InlineData("qwen35moe", "qwen35moe.ssm.state_size", 64, "blk.0.attn_qkv.weight")]
    [InlineData("deepseek3", "deepseek2.attention.kv_lora_rank", 24, "blk.0.attn_kv_a_mqa.weight")]
    public void Build_KeyThatDoesNotFitTheTensors_IsRefusedByTheNameOfTheTensor(string name, string key, int value, string tensor)
    {
        using PatchedModel model = PatchedModel.Set(GoldenCase.Load(name), (key, value));
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Build(model.Path));
        Assert.Contains(tensor, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mixtral", "blk.0.ffn_down_exps.weight")]
    [InlineData("mixtral", "blk.1.ffn_gate_exps.weight")]
    [InlineData("gemma4moe", "blk.0.pre_ffw_norm_2.weight")]
    [InlineData("gemma4moe", "blk.0.ffn_gate_inp.scale")]
    [InlineData("deepseek3", "blk.1.attn_v_b.weight")]
    [InlineData("deepseek3", "blk.0.attn_kv_a_norm.weight")]
    [InlineData("qwen35moe", "blk.0.ssm_out.weight")]
    [InlineData("qwen35moe", "blk.0.ssm_a")]
    [InlineData("qwen35moe", "blk.0.ffn_gate_inp_shexp.weight")]
    public void Build_MissingTensor_IsAGapByItsName(string name, string tensor)
    {
        using PatchedModel model = PatchedModel.Replace(GoldenCase.Load(name), tensor, "x" + tensor[1..]);
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Build(model.Path));
        Assert.Contains(error.Gaps, g => g.Contains(tensor, StringComparison.Ordinal));
    }

    [Fact]
    public void Build_YarnWithItsMultiplier_PutsTheMagnitudeIntoTheScale()
    {
        GoldenCase golden = GoldenCase.Load("deepseek2-lite-yarn");
        const string Key = "deepseek2.rope.scaling.yarn_log_multiplier";
        ModelSpec with = Build(golden.Model);
        using PatchedModel patched = PatchedModel.Replace(golden, Key, Key[..^1] + "x");
        ModelSpec without = Build(patched.Path);
        double factor = with.Ropes[0].Factor, mu = 1 + (0.0707 * Math.Log(factor));
        LatentAttentionSpec mixer = (LatentAttentionSpec)with.Layers[0].Mixer, plain = (LatentAttentionSpec)without.Layers[0].Mixer;
        Assert.True(factor > 1);
        Assert.Equal(1f, with.Ropes[0].Magnitude);
        Assert.Equal(mu * mu / Math.Sqrt(mixer.QueryDim), mixer.Scale, 1e-6);
        Assert.Null(without.Ropes[0].Magnitude); // the scaling type's own: 0.1·ln s + 1
        Assert.Equal(1 / Math.Sqrt(plain.QueryDim), plain.Scale, 1e-6);
    }

    [Fact]
    public void Build_OneLatentPerToken_KeepsNothingElse()
    {
        LatentAttentionSpec mixer = (LatentAttentionSpec)Build(GoldenCase.Load("deepseek3").Model).Layers[0].Mixer;
        Assert.Equal((mixer.Latent + mixer.RopeDim) * 2, mixer.StateBytesPerToken(KvType.F16));
    }

    [Fact]
    public void Build_DeltaNetLayer_HasStateOfOneSize()
    {
        ModelSpec spec = Build(GoldenCase.Load("qwen35moe").Model);
        DeltaNetSpec mixer = (DeltaNetSpec)spec.Layers[0].Mixer;
        Assert.Equal(0, mixer.StateBytesPerToken(KvType.F32));
        Assert.InRange(mixer.StateBytesPerSequence, (mixer.Shape.MatrixFloats + mixer.Shape.ConvStateFloats) * 4, long.MaxValue);
        Assert.IsType<AttentionSpec>(spec.Layers[3].Mixer);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(8190, 1)]
    [InlineData(8191, 1.0693147)] // 1 + 0.1·ln 2
    public void Temperature_OfUnrotatedLayers_GrowsOnePositionBeforeThePiece(int position, double factor) =>
        Assert.Equal(factor, ArchitectureTable.Find("llama4")!.RopeFreeTemperature!.Value.At(position), 1e-6);

    private static ModelSpec Build(string path) => ModelSpecBuilder.Build(GgufModel.Open(path));
}
