using LayerStream.Formats;
using Xunit;

namespace LayerStream.Conversion.Tests;

public sealed class TypeChooserTests
{
    [Theory]
    [InlineData("blk.3.attn_q.weight", TensorType.Q4_K)]
    [InlineData("blk.3.attn_v.weight", TensorType.Q6_K)]
    [InlineData("blk.3.attn_qkv.weight", TensorType.Q6_K)]
    [InlineData("blk.3.attn_output.weight", TensorType.Q4_K)]
    [InlineData("blk.3.ffn_down.weight", TensorType.Q4_K)]
    [InlineData("blk.2.ffn_down.weight", TensorType.Q6_K)]
    [InlineData("blk.12.ffn_down_exps.weight", TensorType.Q6_K)]
    [InlineData("blk.12.ffn_up_exps.weight", TensorType.Q4_K)]
    [InlineData("blk.0.ffn_gate_shexp.weight", TensorType.Q4_K)]
    [InlineData("output.weight", TensorType.Q6_K)]
    [InlineData("token_embd.weight", TensorType.Q4_K)]
    [InlineData("blk.0.ffn_gate_inp.weight", TensorType.F32)]
    [InlineData("blk.0.ssm_conv1d.weight", TensorType.F32)]
    [InlineData("blk.0.attn_norm.weight", TensorType.F32)]
    [InlineData("blk.0.attn_q.bias", TensorType.F32)]
    [InlineData("blk.0.ffn_up_exps.scale", TensorType.F32)]
    public void Choose_OfANameUnderQ4KM_FollowsTheRule(string name, TensorType expected) =>
        Assert.Equal(expected, Choose("Q4_K_M", Tensor(name, 256, 64)).Type);

    [Theory]
    [InlineData("Q2_K_S", "blk.0.attn_v.weight", TensorType.Q2_K)]
    [InlineData("Q2_K", "blk.0.attn_v.weight", TensorType.Q4_K)]
    [InlineData("Q3_K_M", "blk.0.attn_output.weight", TensorType.Q3_K)]
    [InlineData("Q3_K_L", "blk.0.attn_output.weight", TensorType.Q5_K)]
    [InlineData("Q3_K_L", "blk.1.ffn_down.weight", TensorType.Q5_K)]
    [InlineData("F16", "blk.1.ffn_down.weight", TensorType.F16)]
    public void Choose_OfANameUnderAMixture_FollowsTheRule(string target, string name, TensorType expected) =>
        Assert.Equal(expected, Choose(target, Tensor(name, 256, 64)).Type);

    [Fact]
    public void Choose_OfSmallAndFlatTensors_LeavesThem()
    {
        Assert.True(Choose("Q8_0", Tensor("blk.0.attn_q.weight", 32, 16)).IsCopy);
        Assert.True(Choose("Q8_0", Tensor("blk.0.attn_sinks.weight", 4096)).IsCopy);
        Assert.True(Choose("Q8_0", new TensorInfo("blk.0.ids.weight", TensorType.I32, [256, 64], default)).IsCopy);
    }

    [Theory]
    [InlineData(TensorType.Q6_K, 576, TensorType.Q8_0)]
    [InlineData(TensorType.Q5_K, 576, TensorType.Q5_1)]
    [InlineData(TensorType.Q4_K, 576, TensorType.Q5_0)]
    [InlineData(TensorType.Q3_K, 576, TensorType.Q4_0)]
    [InlineData(TensorType.Q2_K, 576, TensorType.Q4_0)]
    [InlineData(TensorType.Q2_K, 1536, TensorType.Q2_K)]
    [InlineData(TensorType.Q4_K, 40, TensorType.F16)]
    [InlineData(TensorType.Q8_0, 40, TensorType.F16)]
    [InlineData(TensorType.BF16, 7, TensorType.BF16)]
    public void Fitting_OfColumns_IsATypeOfWholeBlocks(TensorType type, long columns, TensorType expected)
    {
        Assert.Equal(expected, TypeChooser.Fitting(type, columns));
        Assert.Equal(0, columns % TensorTypes.Get(expected).BlockSize);
    }

    [Fact]
    public void Choose_WithTypesOfTheUsers_TakesThemForHeadAndEmbedding()
    {
        QuantizeTarget target = QuantizeTargets.Find("Q4_K")!;
        TensorInfo head = Tensor("output.weight", 256, 64), embedding = Tensor("token_embd.weight", 256, 64);
        TypeChooser both = new(target, TensorType.Q8_0, TensorType.Q5_0, isTied: false);
        Assert.Equal((TensorType.Q8_0, TensorType.Q5_0), (both.Choose(head).Type, both.Choose(embedding).Type));
        Assert.Equal(TensorType.Q6_K, new TypeChooser(target, null, null, isTied: true).Choose(embedding).Type);
        Assert.Equal(TensorType.Q8_0, new TypeChooser(target, TensorType.Q8_0, null, isTied: true).Choose(embedding).Type);
        Assert.Equal(TensorType.Q5_0, new TypeChooser(target, TensorType.Q8_0, TensorType.Q5_0, isTied: true).Choose(embedding).Type);
    }

    [Fact]
    public void Targets_InTheTable_HaveNamesAndNumbersOfTheirOwn()
    {
        Assert.Equal(QuantizeTargets.All.Count, QuantizeTargets.All.Select(t => t.FileType).Distinct().Count());
        Assert.Equal(QuantizeTargets.Names.Count(), QuantizeTargets.Names.Distinct().Count());
        Assert.All(QuantizeTargets.Names, name => Assert.NotNull(QuantizeTargets.Find(name.ToLowerInvariant())));
        Assert.Equal("Q4_K_M", QuantizeTargets.Find("q4_k")!.Name);
        Assert.Null(QuantizeTargets.Find("Q9"));
    }

    private static TensorChoice Choose(string target, TensorInfo tensor) =>
        new TypeChooser(QuantizeTargets.Find(target)!, null, null, isTied: false).Choose(tensor);

    private static TensorInfo Tensor(string name, params long[] shape) => new(name, TensorType.F32, shape, default);
}
