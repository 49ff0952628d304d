namespace LayerStream.Sampling;

/// <summary>Keeps the k best tokens.</summary>
internal sealed class TopKStep(SamplingOptions options) : ISamplerStep
{
    private readonly int _k = options.TopK;

    public string Name => "top_k";

    public void Apply(SamplerContext context) => context.Candidates.TakeTop(context.Logits, _k);
}
