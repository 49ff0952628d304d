namespace LayerStream.Planning;

/// <summary>What one budget buys.</summary>
/// <param name="BudgetBytes">The budget.</param>
/// <param name="TokensPerSecond">Predicted speed of a generation.</param>
/// <param name="BytesPerToken">Bytes that a token reads.</param>
/// <param name="Limit">What more of would help.</param>
public readonly record struct SpeedPoint(long BudgetBytes, double TokensPerSecond, double BytesPerToken, SpeedLimit Limit);

/// <summary>Predicted speed against the memory budget, from the least budget that works to the one that holds the whole model.</summary>
/// <param name="Points">By rising budget; at least one.</param>
public sealed record SpeedCurve(IReadOnlyList<SpeedPoint> Points)
{
    /// <summary>Share of the best speed that the knee reaches.</summary>
    public const double KneeShare = 0.95;

    private const double Border = 1.02; // the budget that holds everything is found to 2 %
    private const long MostBudgetBytes = 1L << 50;

    /// <summary>The point from which more memory buys little: the first that reaches <see cref="KneeShare"/> of the best speed.</summary>
    public int Knee
    {
        get
        {
            double wanted = Points.Max(p => p.TokensPerSecond) * KneeShare;
            return Points.Select((point, i) => (point, i)).First(p => p.point.TokensPerSecond >= wanted).i;
        }
    }

    /// <summary>Budgets to predict: evenly spaced by ratio, and those that are wanted exactly, as far as they work.</summary>
    /// <param name="least">The least budget that works.</param>
    /// <param name="holdsAll">Whether nothing streams under a budget.</param>
    /// <param name="count">How many, spaced evenly; at least 2.</param>
    /// <param name="wanted">Budgets that must be among them.</param>
    public static IReadOnlyList<long> Budgets(long least, Func<long, bool> holdsAll, int count, params long[] wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(least);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        long most = least;
        while (!holdsAll(most) && most < MostBudgetBytes)
        {
            most *= 2;
        }

        for (long below = most / 2; most > Border * below && below >= least;)
        {
            long middle = below + ((most - below) / 2);
            (below, most) = holdsAll(middle) ? (below, middle) : (middle, most);
        }

        double step = Math.Pow((double)most / least, 1.0 / (count - 1));
        IEnumerable<long> even = Enumerable.Range(0, count - 1).Select(i => (long)(least * Math.Pow(step, i))).Append(most);
        return [.. even.Concat(wanted.Where(w => w >= least)).Distinct().Order()];
    }

    /// <summary>The point of a budget: the last that it covers.</summary>
    public SpeedPoint At(long budgetBytes) => Points.LastOrDefault(p => p.BudgetBytes <= budgetBytes, Points[0]);
}
