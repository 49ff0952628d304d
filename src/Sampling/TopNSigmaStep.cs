namespace LayerStream.Sampling;

/// <summary>Keeps logits within n standard deviations of the best, both taken over the unmasked vocabulary (Tang et al. 2024,
/// top-nσ).</summary>
internal sealed class TopNSigmaStep(SamplingOptions options) : ISamplerStep
{
    private readonly double _n = options.TopNSigma;

    public string Name => "top_n_sigma";

    public void Apply(SamplerContext context)
    {
        Candidates candidates = context.Candidates;
        candidates.Take(context.Logits);
        double best = candidates.Best(), sum = 0, squares = 0;
        foreach (float value in candidates.Values)
        {
            double fromBest = value - best; // differences keep the squares exact where logits are large
            sum += fromBest;
            squares += fromBest * fromBest;
        }

        double mean = sum / candidates.Count;
        double deviation = Math.Sqrt(Math.Max(0, (squares / candidates.Count) - (mean * mean)));
        candidates.KeepAtLeast((float)(best - (_n * deviation)));
    }
}
