using LayerStream.Engine;
using LayerStream.Extensions.AI;
using LayerStream.Host.Tests.Server;
using Microsoft.Extensions.AI;

namespace LayerStream.Library.Tests;

public sealed class ModelEmbeddingGeneratorTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("library-").FullName;
    private LanguageModel? _model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Shipped => Path.Combine(LoadedOnce.Repository, "models", "SmolLM2-135M-Instruct-Q4_1.gguf");

    public async ValueTask InitializeAsync()
    {
        string path = Path.Combine(_folder, "pooled.gguf");
        PooledModel.Write(Shipped, path);
        _model = await LoadAsync(path);
    }

    public async ValueTask DisposeAsync()
    {
        await _model!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Generate_Texts_AreVectorsOfLengthOneAndTheNearerTheMoreAlike()
    {
        using ModelEmbeddingGenerator generator = new(_model!);
        string[] texts = ["A cat sleeps on the sofa.", "A kitten sleeps on the couch.", "Interest rates rose again in March."];
        GeneratedEmbeddings<Embedding<float>> made = await generator.GenerateAsync(texts, cancellationToken: Token);
        Assert.Equal(3, made.Count);
        Assert.All(made, e => Assert.Equal(_model!.EmbeddingDimensions, e.Vector.Length));
        Assert.All(made, e => Assert.Equal(1, Product(e, e), 1e-4));
        Assert.True(Product(made[0], made[1]) > Product(made[0], made[2]));
        Assert.InRange(made.Usage!.InputTokenCount!.Value, 15, 60);
        Assert.Equal(_model!.Name, made[0].ModelId);
    }

    [Fact]
    public async Task Generate_FewerDimensions_AreTheFirstOfThemOfLengthOne()
    {
        using ModelEmbeddingGenerator generator = new(_model!);
        Embedding<float> whole = await generator.GenerateAsync("The sea.", cancellationToken: Token);
        Embedding<float> few = await generator.GenerateAsync("The sea.", new EmbeddingGenerationOptions { Dimensions = 16 }, Token);
        Assert.Equal(16, few.Vector.Length);
        Assert.Equal(1, Product(few, few), 1e-4);
        float scale = few.Vector.Span[0] / whole.Vector.Span[0];
        Assert.Equal(whole.Vector.Span[15] * scale, few.Vector.Span[15], 1e-4f);
    }

    [Fact]
    public async Task Generate_WhatCannotBe_IsRefusedByName()
    {
        using ModelEmbeddingGenerator generator = new(_model!);
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync([""], cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { Dimensions = 1 << 20 }, Token));
        await Assert.ThrowsAsync<NotSupportedException>(() =>
            generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { ModelId = "another" }, Token));
        await using LanguageModel writer = await LoadAsync(Shipped);
        Assert.Equal(0, writer.EmbeddingDimensions);
        using ModelEmbeddingGenerator none = new(writer);
        NotSupportedException refused = await Assert.ThrowsAsync<NotSupportedException>(() =>
            none.GenerateAsync(["x"], cancellationToken: Token));
        Assert.Contains(writer.Name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetService_OfTheGenerator_GivesModelAndMetadata()
    {
        using ModelEmbeddingGenerator generator = new(_model!);
        EmbeddingGeneratorMetadata metadata = (EmbeddingGeneratorMetadata)generator.GetService(typeof(EmbeddingGeneratorMetadata))!;
        Assert.Equal(("layerstream", _model!.EmbeddingDimensions), (metadata.ProviderName, metadata.DefaultModelDimensions));
        Assert.Same(_model, generator.GetService(typeof(LanguageModel)));
        Assert.Null(generator.GetService(typeof(EmbeddingGeneratorMetadata), "key"));
    }

    private static Task<LanguageModel> LoadAsync(string path) => LanguageModel.LoadAsync(
        new LanguageModelOptions { ModelPath = path, MemoryBudgetBytes = 256 << 20, ContextTokens = 256 }, ct: Token);

    private static double Product(Embedding<float> a, Embedding<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Vector.Length; i++)
        {
            sum += a.Vector.Span[i] * b.Vector.Span[i];
        }

        return sum;
    }
}
