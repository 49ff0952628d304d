namespace LayerStream.Sampling;

/// <summary>How probable the model found a chosen token, and its most probable ones, before biases, penalties, temperature and
/// truncation.</summary>
/// <param name="Chosen">The chosen token.</param>
/// <param name="Top">The most probable tokens, best first; of equals the lower id.</param>
public sealed record TokenLogProbabilities(LogProbability Chosen, IReadOnlyList<LogProbability> Top);
