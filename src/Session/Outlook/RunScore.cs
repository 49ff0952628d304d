namespace LayerStream.Session.Outlook;

/// <summary>A prediction beside what came of it.</summary>
/// <param name="At">When the generation ended.</param>
/// <param name="BudgetBytes">Its budget.</param>
/// <param name="Predicted">Tokens per second predicted before it.</param>
/// <param name="Measured">Tokens per second of its decode passes.</param>
/// <param name="Tokens">How many it generated.</param>
public sealed record RunScore(DateTimeOffset At, long BudgetBytes, double Predicted, double Measured, int Tokens)
{
    /// <summary>Prediction ÷ measurement − 1: above 0 = too hopeful.</summary>
    public double Error => (Predicted / Measured) - 1;

    /// <summary>The middle of the errors' sizes; NaN without scores.</summary>
    public static double UsualError(IReadOnlyList<RunScore> scores) =>
        scores.Count == 0 ? double.NaN : scores.Select(s => Math.Abs(s.Error)).Order().ElementAt(scores.Count / 2);
}
