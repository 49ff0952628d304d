using LayerStream.Session.Outlook;

namespace LayerStream.Session.Reports;

/// <summary>Earlier predictions beside what came of them.</summary>
/// <param name="UsualError">The middle of the errors' sizes, 0 = right; null without predictions.</param>
/// <param name="History">The predictions, the oldest first.</param>
public sealed record HistoryReport(double? UsualError, IReadOnlyList<ScoreReport> History)
{
    /// <summary>Of the scores that a profile keeps.</summary>
    public static HistoryReport Of(IReadOnlyList<RunScore> scores) => new(scores.Count == 0 ? null : RunScore.UsualError(scores),
        [.. scores.Select(s => new ScoreReport(s.At, s.BudgetBytes, s.Predicted, s.Measured, s.Tokens))]);
}

/// <summary>A prediction beside what came of it.</summary>
/// <param name="At">When the generation ended.</param>
/// <param name="BudgetBytes">Its budget.</param>
/// <param name="PredictedTokensPerSecond">What had been predicted.</param>
/// <param name="MeasuredTokensPerSecond">What its decode passes reached.</param>
/// <param name="Tokens">How many it generated.</param>
public sealed record ScoreReport(
    DateTimeOffset At, long BudgetBytes, double PredictedTokensPerSecond, double MeasuredTokensPerSecond, int Tokens);
