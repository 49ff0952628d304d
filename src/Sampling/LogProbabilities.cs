using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>Log-probabilities of tokens from the logits of a row.</summary>
public static class LogProbabilities
{
    /// <summary>ln Σ exp(logit): a logit less this is the token's log-probability. Measured from the best logit, summed in the fixed order
    /// of <see cref="Elementary.ExpSum"/>.</summary>
    /// <param name="logits">Logits of all tokens.</param>
    /// <returns>NaN where a logit is no number, or all are negative infinity.</returns>
    public static double Normalizer(ReadOnlySpan<float> logits)
    {
        float best = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            best = MathF.Max(best, logit);
        }

        return best + Elementary.Log(Elementary.ExpSum(logits, best));
    }
}
