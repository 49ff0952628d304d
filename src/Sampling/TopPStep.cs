namespace LayerStream.Sampling;

/// <summary>Keeps the fewest best tokens that hold the wanted probability (Holtzman et al. 2020, nucleus sampling).</summary>
internal sealed class TopPStep(SamplingOptions options) : ISamplerStep
{
    private readonly double _share = options.TopP;

    public string Name => "top_p";

    public void Apply(SamplerContext context)
    {
        context.Candidates.Take(context.Logits);
        context.Candidates.KeepMass(_share);
    }
}
