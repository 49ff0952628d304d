namespace LayerStream.Sampling;

/// <summary>How probable the model found a chosen token, and its most probable ones, before biases, penalties, temperature and
/// truncation.</summary>
/// <param name="Chosen">The chosen token.</param>
/// <param name="Top">The most probable tokens, best first; of equals the lower id.</param>
public sealed record TokenLogProbabilities(LogProbability Chosen, IReadOnlyList<LogProbability> Top)
{
    /// <summary>What logits say of a token.</summary>
    /// <param name="logits">One value per token of the vocabulary, as the model gave them.</param>
    /// <param name="chosen">The token.</param>
    /// <param name="topCount">How many of the most probable to name.</param>
    public static TokenLogProbabilities Of(ReadOnlySpan<float> logits, int chosen, int topCount)
    {
        LogProbabilityRecorder recorder = new(topCount);
        recorder.Take(logits);
        return recorder.Of(chosen);
    }
}
