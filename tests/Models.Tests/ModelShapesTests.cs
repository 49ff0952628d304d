using LayerStream.Formats;
using LayerStream.Formats.Tests;
using LayerStream.Models.Building;
using LayerStream.Models.Spec;
using LayerStream.Models.Synthesis;
using LayerStream.Models.Synthesis.Shapes;
using Xunit;

namespace LayerStream.Models.Tests;

/// <summary>Synthetic files have the sizes of the models they stand for, and are resolved like them.</summary>
public sealed class ModelShapesTests
{
    /// <summary>Vocabulary, and billions of weights as published (DeepSeek-V3 and GLM-4.6 without the block for further tokens).</summary>
    [Theory]
    [InlineData("llama-1b", 128256, 1.236 + 0.263)] // the published model has no head of its own
    [InlineData("llama-8b", 128256, 8.03)]
    [InlineData("llama-70b", 128256, 70.55)]
    [InlineData("llama-405b", 128256, 405.85)]
    [InlineData("qwen3-30b-a3b", 151936, 30.53)]
    [InlineData("qwen3-235b-a22b", 151936, 235.09)]
    [InlineData("qwen35-35b-a3b", 248320, 34.7)]
    [InlineData("qwen35-397b-a17b", 248320, 396.3)]
    [InlineData("gpt-oss-120b", 201088, 116.83)]
    [InlineData("deepseek-v3", 129280, 671.03)]
    [InlineData("glm-4.6", 151552, 353)]
    public void Shape_AsPublished_HasItsWeightsAndIsResolved(string name, int vocabulary, double billions)
    {
        SyntheticModel model = Create(name, vocabulary, new SyntheticOptions());
        Assert.InRange(model.Parameters / 1e9 / billions, 0.993, 1.007);
        ModelSpec spec = Resolve(model);
        Assert.Equal(model.Shape.Layers, spec.Layers.Count);
        Assert.Equal(vocabulary, spec.Vocabulary);
        Assert.All(spec.ExpertBanks, b => Assert.Equal(model.Shape.Experts, b.Experts));
        Assert.Equal(model.Layout.Tensors.Count(t => t.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal)),
            spec.ExpertBanks.Count);
    }

    [Fact]
    public void Shapes_CutToOneOrTwoLayers_AreResolvedAndKeepExperts()
    {
        foreach (ModelShape shape in ModelShapes.All)
        {
            foreach (int layers in (int[])[1, 2])
            {
                ModelSpec spec = Resolve(Create(shape.Name, 300, new SyntheticOptions { Layers = layers }));
                Assert.Equal(layers, spec.Layers.Count);
                Assert.True(shape.Experts == 0 || spec.ExpertBanks.Count > 0, shape.Name);
            }
        }
    }

    [Fact]
    public void Names_OfShapes_Differ() => Assert.Equal(ModelShapes.All.Count, ModelShapes.All.Select(s => s.Name).Distinct().Count());

    [Fact]
    public void PhysicalLayers_OfAShape_CarryAllOthers()
    {
        SyntheticModel model = Create("qwen35-397b-a17b", 1000, new SyntheticOptions { PhysicalLayers = 8, Alignment = 4096 });
        Assert.InRange(model.SharedBytes / (double)model.Layout.FileBytes, 0.85, 52.0 / 60);
        Assert.Contains("8 layers on disk", model.Provenance, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Create("llama-8b", 100, new SyntheticOptions { PhysicalLayers = 2 }));
    }

    private static SyntheticModel Create(string name, int vocabulary, SyntheticOptions options) =>
        SyntheticModel.Create(ModelShapes.Find(name)!, Vocabulary(vocabulary), options);

    private static GgufMetadata Vocabulary(int tokens)
    {
        GgufBuilder builder = new GgufBuilder().Key("tokenizer.ggml.tokens", Enumerable.Range(0, tokens).Select(i => $"{i}").ToArray());
        return WithFile(path => File.WriteAllBytes(path, builder.Build())).Metadata;
    }

    /// <summary>The specification of a file with holes for weights.</summary>
    private static ModelSpec Resolve(SyntheticModel model) => ModelSpecBuilder.Build(WithFile(path =>
    {
        using FileStream file = File.Create(path);
        file.Write(model.Layout.Head);
        file.SetLength(model.Layout.FileBytes);
    }));

    private static GgufModel WithFile(Action<string> write)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gguf");
        try
        {
            write(path);
            return GgufModel.Open(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
