namespace LayerStream.Host.Measuring;

/// <summary>A measured setting.</summary>
/// <param name="Case">What was changed.</param>
/// <param name="TokensPerSecond">Decode speed: that of what was given, times the ratio.</param>
/// <param name="Ratio">Speed ÷ speed of what was given beside it; 0 when it could not be measured.</param>
/// <param name="Error">Standard error of the ratio; infinite when it was measured once.</param>
/// <param name="Gap">Why it could not be measured, or null.</param>
internal sealed record TuneRow(TuneCase Case, double TokensPerSecond, double Ratio, double Error, string? Gap)
{
    private const double Worth = 1.03; // a smaller gain is not worth an option

    /// <summary>Whether it is faster than what was given, by more than chance: one of many settings may well seem faster by two
    /// errors.</summary>
    public bool IsBetter => Ratio > Worth && Ratio - (3 * Error) > 1;

    /// <summary>A row from ratios measured pair by pair.</summary>
    public static TuneRow From(TuneCase tuned, double given, IReadOnlyList<double> ratios, string? gap)
    {
        if (ratios.Count == 0)
        {
            return new TuneRow(tuned, 0, 0, 0, gap);
        }

        // Of logarithms: the mean of ratios would favour what varies.
        double[] logs = [.. ratios.Select(r => Math.Log(r))];
        double middle = logs.Average(), mean = Math.Exp(middle);
        double error = ratios.Count == 1 ? double.PositiveInfinity
            : mean * Math.Sqrt(logs.Sum(l => (l - middle) * (l - middle)) / (logs.Length - 1) / logs.Length);
        return new TuneRow(tuned, given * mean, mean, error, null);
    }
}
