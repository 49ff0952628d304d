using System.Globalization;
using LayerStream.Memory;
using LayerStream.Planning;

namespace LayerStream.Session.Outlook;

/// <summary>A curve in words: what the budget in force gives, and where more memory stops to help.</summary>
public static class CurveText
{
    /// <summary>Name of a limit, for machines.</summary>
    public static string Name(SpeedLimit limit) =>
        limit switch { SpeedLimit.Compute => "compute", SpeedLimit.DenseReads => "dense_reads", _ => "expert_reads" };

    /// <summary>Name of a source, for machines.</summary>
    public static string Name(SpeedSource source) => source.ToString().ToLowerInvariant();

    /// <summary>One sentence or two.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="budgetBytes">The budget in force.</param>
    /// <param name="source">What it stands on.</param>
    public static string Summary(SpeedCurve curve, long budgetBytes, SpeedSource source)
    {
        SpeedPoint now = curve.At(budgetBytes), knee = curve.Points[curve.Knee];
        string speed = string.Create(CultureInfo.InvariantCulture,
            $"{ByteSize.Format(budgetBytes)} give about {Rate(now.TokensPerSecond)}");
        string more = now.BudgetBytes >= knee.BudgetBytes
            ? "more memory buys little"
            : string.Create(CultureInfo.InvariantCulture,
            $"up to {ByteSize.Format(knee.BudgetBytes)} more memory helps, to about {Rate(knee.TokensPerSecond)}");
        string bound = now.Limit switch
        {
            SpeedLimit.Compute => "arithmetic sets the pace",
            SpeedLimit.DenseReads => "the disk sets the pace, with weights that every token uses",
            _ => "the disk sets the pace, with experts that are not in memory",
        };
        return $"{speed}, and {bound}; {more}." + (source == SpeedSource.Assumption
            ? " Arithmetic is not measured before the first answer: its part is an assumption." : "");
    }

    /// <summary>A speed as it is said.</summary>
    public static string Rate(double tokensPerSecond) => string.Create(CultureInfo.InvariantCulture,
        $"{tokensPerSecond.ToString(tokensPerSecond >= 10 ? "F0" : "G2", CultureInfo.InvariantCulture)} tokens/s");
}
