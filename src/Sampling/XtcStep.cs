using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>
/// Exclude top choices: with a given chance removes every token at least as probable as the threshold but the least probable of
/// them, so nothing happens below two (P. E. Weidmann 2024, "XTC"). One random number per token, whatever comes of it.
/// </summary>
internal sealed class XtcStep(SamplingOptions options) : ISamplerStep
{
    private readonly double _chance = options.XtcProbability;
    private readonly double _threshold = options.XtcThreshold;
    private bool[] _keeps = [];

    public string Name => "xtc";

    public void Apply(SamplerContext context)
    {
        if (context.NextUniform() >= _chance)
        {
            return;
        }

        Candidates candidates = context.Candidates;
        candidates.Take(context.Logits);
        double bar = candidates.LogMass() + Elementary.Log(_threshold);
        int last = -1, above = 0;
        for (int i = 0; i < candidates.Count; i++)
        {
            if (candidates.Values[i] >= bar)
            {
                above++;
                last = last < 0 || candidates.IsBetter(last, i) ? i : last;
            }
        }

        if (above < 2)
        {
            return;
        }

        _keeps = _keeps.Length < candidates.Count ? new bool[candidates.Count] : _keeps;
        for (int i = 0; i < candidates.Count; i++)
        {
            _keeps[i] = candidates.Values[i] < bar || i == last;
        }

        candidates.Retain(_keeps.AsSpan(0, candidates.Count));
    }
}
