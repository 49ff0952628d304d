namespace LayerStream.Sampling;

/// <summary>One step of the sampler chain. A step keeps no reference to the context after <see cref="Apply"/> returns.</summary>
public interface ISamplerStep
{
    /// <summary>Name in options, logs and docs, for example <c>top_k</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Changes logits or narrows the candidates. Steps that run before the first selection change
    /// <see cref="SamplerContext.Logits"/> (negative infinity masks a token); later ones work on <see cref="SamplerContext.Candidates"/>.
    /// </summary>
    void Apply(SamplerContext context);
}
