using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Architectures;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using Xunit;

namespace LayerStream.Models.Tests;

public sealed class ModelSpecBuilderTests
{
    private static readonly object[] s_hostileValues =
    [
        0u, 1u, 3u, 7u, 4097u, 1u << 24, uint.MaxValue, -1, int.MinValue, long.MinValue, long.MaxValue, ulong.MaxValue, (1L << 32) + 2,
        0f, -1f, 1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, 1e-40f, double.Epsilon, true, false, "",
            "yarn", "dynamic",
        new uint[] { 4 }, new uint[] { 0, 4 }, new[] { 4, -4 }, new[] { 1f, 2f }, new[] { true }, Array.Empty<int>(),
    ];

    // Every test case writes thousands of files, so those whose rows read most.
    public static TheoryData<string, bool> FamiliesWithMostKeys => new()
    {
        { "gemma4", false }, { "granite", false }, { "mistral3", false }, { "gemma4", true }, { "deepseek2", true }, { "qwen3next", true },
            { "qwen35", false },
    };

    public static TheoryData<string> Families =>
        [.. ArchitectureTable.All.Where(a => !a.HasLatentAttention && a.DeltaNet is null).Select(a => a.Name)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Build_TinyFile_GivesTwoLayersWhoseMatricesStandInTheOrderOfUse(string family)
    {
        ModelSpec spec = ModelSpecBuilder.Build(new TinyFile(family).Open());
        string[] expected =
        [
            .. new[] { "blk.0.", "blk.1." }.SelectMany(p =>
            new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" }.Select(n => $"{p}{n}.weight")),
            "token_embd.weight",
        ];
        Assert.Equal(expected, spec.Matrices.Select(m => m.Tensor.Name));
        Assert.Equal(Enumerable.Range(0, expected.Length), spec.Matrices.Select(m => m.Id));
        Assert.Equal(2 * 2 * 16 * 2, spec.StateBytesPerToken(KvType.F16));
    }

    [Theory]
    [MemberData(nameof(FamiliesWithMostKeys))]
    public void Build_HostileKey_IsAModelFormatErrorThatNamesItOrAUsableModel(string family, bool hasExperts)
    {
        int refused = 0;
        foreach (string key in new TinyFile(family, hasExperts).Keys.Keys)
        {
            foreach (object value in s_hostileValues)
            {
                TinyFile file = new(family, hasExperts);
                file.Keys[key] = value;
                refused += IsRefused(file, key, value) ? 1 : 0;
            }
        }

        Assert.InRange(refused, 100, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(FamiliesWithMostKeys))]
    public void Build_MissingKeyOrTensor_NeverFailsOtherwise(string family, bool hasExperts)
    {
        foreach (string key in new TinyFile(family, hasExperts).Keys.Keys)
        {
            TinyFile file = new(family, hasExperts);
            file.Keys.Remove(key);
            IsRefused(file, key, "nothing");
        }

        foreach (string tensor in new TinyFile(family, hasExperts).Tensors.Keys)
        {
            TinyFile file = new(family, hasExperts);
            file.Tensors.Remove(tensor);
            IsRefused(file, tensor, "nothing");
            foreach (long[] shape in new long[][] { [1], [TinyFile.Width], [1, 1], [TinyFile.Width, 1], [TinyFile.Width, 3],
                [TinyFile.Width, 4, 8], [TinyFile.Width, 16, 5] })
            {
                file.Tensors[tensor] = shape;
                IsRefused(file, tensor, shape);
            }
        }
    }

    [Fact]
    public void Build_LayerCountFarBeyondTheFile_NamesAHundredGapsAndCountsTheRest()
    {
        TinyFile file = new("llama");
        file.Keys["block_count"] = 4096u;
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open()));
        Assert.Equal(101, error.Gaps.Count);
        Assert.Matches("^and [0-9]{5} more$", error.Gaps[^1]);
    }

    [Fact]
    public void Build_SeveralTensorsMissing_NamesThemAll()
    {
        TinyFile file = new("llama");
        string[] missing = ["blk.0.attn_q.weight", "blk.1.ffn_down.weight", "output_norm.weight"];
        Array.ForEach(missing, m => file.Tensors.Remove(m));
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open()));
        Assert.Equal(missing.Length, error.Gaps.Count);
        Assert.All(missing, m => Assert.Contains(error.Gaps, g => g.Contains(m, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("gemma4")]
    [InlineData("deepseek2")]
    [InlineData("qwen3next")]
    [InlineData("qwen35moe")]
    [InlineData("llama")]
    public void Build_TinyFileWithExperts_GivesABankForEachLayerApartFromTheMatrices(string family)
    {
        ModelSpec spec = ModelSpecBuilder.Build(new TinyFile(family, hasExperts: true).Open());
        Assert.Equal([0, 1], spec.ExpertBanks.Select(b => b.Layer));
        Assert.All(spec.ExpertBanks, b => Assert.Equal(3 * TinyFile.Width * TinyFile.FfnWidth * 4L, b.ExpertBytes));
        Assert.DoesNotContain(spec.Matrices, m => m.Tensor.Name.Contains("_exps", StringComparison.Ordinal));
        Assert.Equal(2, spec.Matrices.Count(m => m.Tensor.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0u, TinyFile.Vocabulary, RouterWeighting.Softmax, RouterGroupScore.Best)]
    [InlineData(0u, 154_880, RouterWeighting.Sigmoid, RouterGroupScore.TwoBest)] // known by its vocabulary
    [InlineData(1u, 154_880, RouterWeighting.Softmax, RouterGroupScore.Best)]
    [InlineData(2u, TinyFile.Vocabulary, RouterWeighting.Sigmoid, RouterGroupScore.TwoBest)]
    [InlineData(3u, TinyFile.Vocabulary, RouterWeighting.SelectedSoftmax, RouterGroupScore.TwoBest)]
    [InlineData(4u, TinyFile.Vocabulary, RouterWeighting.SqrtSoftplus, RouterGroupScore.TwoBest)]
    public void Build_GatingKey_StatesTheWeightingAndWithItHowGroupsRank(uint stated, int vocabulary, RouterWeighting weighting,
        RouterGroupScore score)
    {
        TinyFile file = new("deepseek2", hasExperts: true);
        file.Tensors["token_embd.weight"] = [TinyFile.Width, vocabulary];
        file.Keys["expert_gating_func"] = stated;
        RouterRule rule = ((ExpertFfnSpec)ModelSpecBuilder.Build(file.Open()).Layers[0].Branches[1].Body).Rule;
        Assert.Equal((weighting, score), (rule.Weighting, rule.GroupScore));
        Assert.Equal((4, 2, 2, 1, 2.5f, true), (rule.Experts, rule.Selected, rule.Groups, rule.KeptGroups, rule.Scale, rule.Normalise));
    }

    [Fact]
    public void Build_ExpertLayersOfAFamilyWithout_AreRefusedOnceByName()
    {
        TinyFile file = new("phi3");
        file.Tensors["blk.0.ffn_gate_inp.weight"] = file.Tensors["blk.1.ffn_gate_inp.weight"] = [TinyFile.Width, 4];
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelSpecBuilder.Build(file.Open()));
        Assert.Contains("experts", Assert.Single(error.Gaps), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_SharedKeysAndValues_ComeFromTheLastOwnLayerOfTheKind()
    {
        TinyFile file = new("gemma4");
        file.Keys["block_count"] = 4u;
        file.Keys["attention.shared_kv_layers"] = 2u;
        file.Keys["attention.sliding_window_pattern"] = new[] { true, false, true, false };
        foreach ((string name, long[] shape) in file.Tensors.Where(t => t.Key.StartsWith("blk.", StringComparison.Ordinal)).ToList())
        {
            file.Tensors[name.Replace("blk.0.", "blk.2.", StringComparison.Ordinal)
                .Replace("blk.1.", "blk.3.", StringComparison.Ordinal)] = shape;
        }

        ModelSpec spec = ModelSpecBuilder.Build(file.Open());
        Assert.Equal([null, null, 0, 1], spec.Layers.Select(l => ((AttentionSpec)l.Mixer).KvSource));
        Assert.Equal([64L, 64, 0, 0], spec.Layers.Select(l => l.Mixer.StateBytesPerToken(KvType.F16)));
    }

    [Fact]
    public void Create_RopeFactorsOfZero_AreAModelFormatError()
    {
        ModelSpec spec = ModelSpecBuilder.Build(new TinyFile("llama").Open());
        using AlignedBuffer zeros = new BudgetAccount("test", long.MaxValue).Allocate(spec.SmallWeightBytes);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => RopeTables.Create(spec, zeros, 64));
        Assert.Contains("rope_freqs", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32, 1f)]
    [InlineData(33, 0.5f)]
    public void Create_LongAndShortFactors_AreChosenByTheContext(int context, float share)
    {
        TinyFile file = new("phi3");
        file.Tensors["rope_factors_short.weight"] = file.Tensors["rope_factors_long.weight"] = [4];
        ModelSpec spec = ModelSpecBuilder.Build(file.Open());
        using AlignedBuffer small = new BudgetAccount("test", long.MaxValue).Allocate(spec.SmallWeightBytes);
        RopeSpec rope = Assert.Single(spec.Ropes);
        small.Floats(rope.Factors!.ByteOffset, 4).Fill(1);
        small.Floats(rope.LongFactors!.ByteOffset, 4).Fill(2);
        Assert.Equal(0.1 * share, RopeTables.Create(spec, small, context)[0].Omega[1], 1e-9);
    }

    /// <summary>Builds; anything but the two errors fails the test, and a model that builds must have finite sizes.</summary>
    private static bool IsRefused(TinyFile file, string name, object value)
    {
        GgufModel model = file.Open();
        try
        {
            ModelSpec spec = ModelSpecBuilder.Build(model);
            Assert.InRange(Workspace.Bytes(spec, 8, 1, 2), 1, 1 << 30);
            Assert.InRange(spec.StateBytesPerToken(KvType.F32) * spec.TrainedContext, 0, 1L << 40);
            using AlignedBuffer ones = new BudgetAccount("test", long.MaxValue).Allocate(Math.Max(64, spec.SmallWeightBytes));
            ones.Floats(0, (int)spec.SmallWeightBytes / 4).Fill(1);
            RopeTables.Create(spec, ones, 64);
            return false;
        }
        catch (UnsupportedModelException)
        {
            return true;
        }
        catch (ModelFormatException error)
        {
            string last = name[(name.LastIndexOf('.') + 1)..].Replace("_swa", "", StringComparison.Ordinal);
            bool isNamed = error.Message.Contains(last, StringComparison.Ordinal)
                || error.Message.Contains("tensor", StringComparison.Ordinal)
                || error.Message.Contains(file.Architecture + ".", StringComparison.Ordinal);
            Assert.True(isNamed, $"{name} = {value}: {error.Message}");
            return true;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{file.Architecture}: {name} = {value}", error);
        }
    }
}
