using LayerStream.Formats;
using LayerStream.Formats.Tests;
using LayerStream.Models.Building;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

/// <summary>Layouts of other writers: used where they mean the same, refused by name where they would be lost in silence.</summary>
public sealed class ForeignWriterTests
{
    [Fact]
    public void Build_UsedTensorOfATypeWithoutArithmetic_IsAGapThatNamesItAndNoOther()
    {
        TinyFile file = new("llama");
        file.Types["blk.1.ffn_up.weight"] = TensorType.I32;
        file.Types["output_norm.weight"] = TensorType.I64;
        file.Tensors["aux.map"] = [8];
        file.Types["aux.map"] = TensorType.I16;
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open()));
        Assert.Equal(["tensor type I32 (1 tensors, first blk.1.ffn_up.weight)", "tensor type I64 (1 tensors, first output_norm.weight)"],
            error.Gaps);
    }

    [Theory]
    [InlineData("blk.0.attn_norm.scale")]
    [InlineData("blk.0.attn_norm.weight.scale")]
    [InlineData("token_embd.scale")]
    [InlineData("output_norm.weight.scale")]
    [InlineData("blk.1.attn_norm.bias")]
    [InlineData("output_norm.bias")]
    public void Build_FactorOrBiasBesideWhatIsNotMultipliedBy_IsAGapThatNamesIt(string scale)
    {
        TinyFile file = new("llama");
        file.Tensors[scale] = [1];
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open()));
        Assert.Contains(scale, Assert.Single(error.Gaps), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_BothNamesOfAFactor_AreRefused()
    {
        TinyFile file = new("llama");
        file.Tensors["blk.0.ffn_up.scale"] = file.Tensors["blk.0.ffn_up.weight.scale"] = [1];
        Assert.Contains("two factors", Assert.Throws<ModelFormatException>(() => ModelSpecBuilder.Build(file.Open())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Build_NextnTensorsInFrontOfALayer_AreRefusedByTheKey()
    {
        TinyFile file = new("llama");
        file.Tensors["blk.0.nextn.eh_proj.weight"] = [4];
        Assert.Contains("nextn_predict_layers", Assert.Throws<ModelFormatException>(() => ModelSpecBuilder.Build(file.Open())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Build_BlockLeftOutThatTheKeyDoesNotCount_IsAGap()
    {
        TinyFile file = new("llama");
        foreach (string name in file.Tensors.Keys.Where(k => k.StartsWith("blk.1.", StringComparison.Ordinal)).ToList())
        {
            file.Tensors.Remove(name);
        }

        Assert.Contains(Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open())).Gaps,
            g => g.Contains("blk.1.attn_q", StringComparison.Ordinal));
    }

    [Fact]
    public void Build_OneTensorPerExpert_PutsEachWhereItLies()
    {
        GgufModel model = Single(new TinyFile("llama", hasExperts: true)).Open();
        ExpertBank bank = ModelSpecBuilder.Build(model).ExpertBanks[1];
        Assert.Equal(3 * TinyFile.Width * TinyFile.FfnWidth * 4L, bank.ExpertBytes);
        for (int e = 0; e < bank.Experts; e++)
        {
            Assert.Equal(new[] { "gate", "up", "down" }.Select(n => model.Find($"blk.1.ffn_{n}.{e}.weight")!.Extent),
                bank.Matrices.Select(m => m.Slab(e)));
            Assert.Equal(e, bank.Matrices[2].At(0, bank.Matrices[2].Slab(e).End - 1)!.Value.Expert);
        }

        Assert.Null(bank.Matrices[0].At(0, bank.Matrices[2].Slab(0).Offset));
    }

    [Fact]
    public void Build_SingleExpertsOfDifferentTypes_AreAGapWithTheWayToConvert()
    {
        TinyFile file = Single(new TinyFile("llama", hasExperts: true));
        file.Types["blk.0.ffn_up.2.weight"] = TensorType.F16;
        Assert.Contains("convert", Assert.Single(Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open())).Gaps),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Build_MoreSingleExpertsThanCounted_AreRefusedByTheKey()
    {
        TinyFile file = Single(new TinyFile("llama", hasExperts: true));
        file.Tensors["blk.0.ffn_gate.4.weight"] = [TinyFile.Width, TinyFile.FfnWidth];
        Assert.Contains("expert_count", Assert.Throws<ModelFormatException>(() => ModelSpecBuilder.Build(file.Open())).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama", "adapter", "LoRA")]
    [InlineData("clip", "mmproj", "pictures")]
    [InlineData("clip", null, "pictures")]
    [InlineData("controlvector", null, "control vector")]
    [InlineData("llama", "imatrix", "importance matrix")]
    public void Build_FileThatHoldsNoModel_SaysWhatItHolds(string architecture, string? type, string what)
    {
        GgufBuilder builder = new GgufBuilder().Key("general.architecture", architecture).Tensor("blk.0.attn_q.weight.lora_a", [4]);
        GgufModel model = TemporaryFolder.Opens((type is null ? builder : builder.Key("general.type", type)).Build());
        Assert.Contains(what, Assert.Single(Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(model)).Gaps),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("longrope", "rope_factors_long.weight")]
    [InlineData("dynamic", "'dynamic'")]
    [InlineData("llama3", "'llama3'")]
    public void Build_RopeScalingThatTheFileDoesNotSay_IsAGapThatNamesIt(string type, string what)
    {
        TinyFile file = new("llama");
        file.Keys["rope.scaling.type"] = type;
        Assert.Contains(what, Assert.Single(Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open())).Gaps),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Build_VocabularyAlone_SaysThatThereAreNoTensors() => Assert.Contains("no tensors", Assert.Single(
        Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(
            TemporaryFolder.Opens(new GgufBuilder().Key("general.architecture", "llama").Build()))).Gaps), StringComparison.Ordinal);

    [Fact]
    public void Find_TensorsOfTheModelThatNothingReads_AreNamedAndNoOthers()
    {
        TinyFile file = new("llama");
        string[] meaning = ["blk.1.attn_sub_norm.weight", "token_embd_norm.weight", "position_embd.weight"];
        foreach (string name in meaning.Concat(["v.blk.0.attn_q.weight", "aux.map", "blk.2.attn_q.weight", "blk.0.ffn_up.input_scale"]))
        {
            file.Tensors[name] = [4];
        }

        GgufModel model = file.Open();
        IReadOnlyList<string> unused = UnusedTensors.Find(model, ModelSpecBuilder.Build(model));
        Assert.Superset(meaning.ToHashSet(), unused.ToHashSet());
        Assert.DoesNotContain(unused,
            n => n is "v.blk.0.attn_q.weight" or "aux.map" or "blk.2.attn_q.weight" or "blk.0.ffn_up.input_scale");
        Assert.Contains("nothing here reads", UnusedTensors.Describe(unused), StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfAny_TokenBehindTheLastRow_NamesTokenAndRows()
    {
        TokenWithoutRowException.ThrowIfAny([0, 511], 512);
        TokenWithoutRowException error = Assert.Throws<TokenWithoutRowException>(() => TokenWithoutRowException.ThrowIfAny([1, 512], 512));
        Assert.Equal((512, 512), (error.Token, error.Rows));
        Assert.Throws<TokenWithoutRowException>(() => TokenWithoutRowException.ThrowIfAny([-1], 512));
    }

    private static TinyFile Single(TinyFile file)
    {
        foreach (string name in file.Tensors.Keys.Where(k => k.EndsWith("_exps.weight", StringComparison.Ordinal)).ToList())
        {
            file.Tensors.Remove(name, out long[]? shape);
            for (int e = 0; e < shape![2]; e++)
            {
                file.Tensors[name.Replace("_exps.weight", $".{e}.weight", StringComparison.Ordinal)] = shape[..2];
            }
        }

        return file;
    }
}
