using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>Keeps tokens at least a given share as probable as the best one (Nguyen et al. 2024, min-p).</summary>
internal sealed class MinPStep(SamplingOptions options) : ISamplerStep
{
    private readonly float _gap = (float)Elementary.Log(options.MinP); // probability ratio as a difference of logits

    public string Name => "min_p";

    public void Apply(SamplerContext context)
    {
        context.Candidates.Take(context.Logits);
        context.Candidates.KeepAtLeast(context.Candidates.Best() + _gap);
    }
}
