using System.Globalization;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Verbs;

/// <summary>Speed against budget, for people.</summary>
internal static class CurveTable
{
    private const int Bar = 40; // characters of the longest

    /// <summary>A row for each budget, with a bar as long as the speed.</summary>
    public static string Render(SpeedCurve curve, long budgetBytes)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        double most = curve.Points.Max(p => p.TokensPerSecond);
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"budget",10} {"tokens/s",9} {"read/token",11}"));
        for (int i = 0; i < curve.Points.Count; i++)
        {
            SpeedPoint point = curve.Points[i];
            string note = (point.BudgetBytes == budgetBytes ? " ◀ this budget" : "") + (i == curve.Knee ? " knee: more buys little" : "");
            string bar = new('█', (int)Math.Ceiling(point.TokensPerSecond / most * Bar));
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ByteSize.Format(point.BudgetBytes),10} "
                + $"{point.TokensPerSecond.ToString(point.TokensPerSecond >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture),9} "
                + $"{ByteSize.Format((long)point.BytesPerToken),11} {bar}{note}"));
        }

        return text.ToString();
    }

    /// <summary>Predictions of earlier runs beside what came of them.</summary>
    public static string RenderHistory(IReadOnlyList<RunScore> scores)
    {
        if (scores.Count == 0)
        {
            return "No generation of this model was predicted yet: run plan or a longer answer first, then another.\n";
        }

        StringWriter text = new(CultureInfo.InvariantCulture);
        text.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{scores.Count} predictions; half of them were within {RunScore.UsualError(scores):P0} of what came."));
        text.WriteLine();
        text.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"ended (UTC)",-17} {"budget",10} {"predicted",10} {"measured",9} {"error",7} {"tokens",7}"));
        foreach (RunScore score in scores)
        {
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{score.At.UtcDateTime:yyyy-MM-dd HH:mm}  "
                + $"{ByteSize.Format(score.BudgetBytes),10} {score.Predicted,10:F2} {score.Measured,9:F2} {score.Error,7:P0} "
                + $"{score.Tokens,7}"));
        }

        return text.ToString();
    }
}
