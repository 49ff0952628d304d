namespace LayerStream.Session.Scoring;

/// <summary>What the model makes of a question.</summary>
/// <param name="LogProbabilities">Natural logarithm of each answer's probability among all tokens.</param>
/// <param name="Probabilities">Of each answer among the answers; they sum to 1.</param>
/// <param name="CachedTokens">Tokens of the prompt that other questions had read already.</param>
public sealed record QuestionScore(IReadOnlyList<double> LogProbabilities, IReadOnlyList<double> Probabilities, int CachedTokens)
{
    /// <summary>Number of the likeliest answer; of equal ones the first.</summary>
    public int Best => Enumerable.Range(0, Probabilities.Count).MaxBy(i => (Probabilities[i], -i));
}
