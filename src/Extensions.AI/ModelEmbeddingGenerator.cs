using LayerStream.Engine;
using Microsoft.Extensions.AI;

namespace LayerStream.Extensions.AI;

/// <summary>Embeddings that a model in this process makes. Any thread may use it; it does not own the model.</summary>
/// <param name="model">A model that is made for embeddings; outlives the generator.</param>
public sealed class ModelEmbeddingGenerator(LanguageModel model) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("layerstream", null, model.Name, Values(model));

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The model makes no embeddings, or the options name another model.</exception>
    /// <exception cref="ArgumentException">A text is empty, or more dimensions are asked for than there are.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.ModelId is { } other && other != model.Name)
        {
            throw new NotSupportedException($"The model is '{model.Name}', and not '{other}'.");
        }

        GeneratedEmbeddings<Embedding<float>> made = [];
        long tokens = 0;
        foreach (string value in values)
        {
            TextVector vector = await model.EmbedAsync(value, options?.Dimensions ?? 0, cancellationToken);
            tokens += vector.Tokens;
            made.Add(new Embedding<float>(vector.Values) { ModelId = model.Name, CreatedAt = DateTimeOffset.UtcNow });
        }

        made.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return made;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
        : serviceType == typeof(LanguageModel) ? model
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Does nothing: the model belongs to whoever loaded it.</summary>
    public void Dispose()
    {
    }

    private static int? Values(LanguageModel model) => model.EmbeddingDimensions > 0 ? model.EmbeddingDimensions : null;
}
