namespace LayerStream.Planning.Drafts;

/// <summary>Shares of guesses of one kind that turn out right, by how sure their drafter was of them. What is known of a share fades as
/// guesses of its level are decided.</summary>
internal sealed class DraftRates
{
    private const double Memory = 0.9;     // of guesses that were decided before against a new one
    private const double FirstTrials = 2;  // what the first share counts for
    private const double UsualRate = 0.7;  // of guesses of which nothing is known
    private const double MostRate = 0.98;

    // Shares before any guess was decided: by tokens of the text that match, and by the share that a model gives to its guess.
    private static readonly double[][] s_first =
    [
        [UsualRate, 0.25, 0.45, 0.6, 0.75, 0.85, 0.92, 0.95, 0.5],
        [0.97],
        [UsualRate, 0.25, 0.5, 0.75, 0.92],
    ];

    private readonly double[] _right, _trials;
    private double _meanRight = UsualRate * FirstTrials, _meanTrials = FirstTrials;

    internal DraftRates(DraftKind kind)
    {
        _right = [.. s_first[(int)kind].Select(rate => rate * FirstTrials)];
        _trials = [.. _right.Select(_ => FirstTrials)];
    }

    /// <summary>Of guesses of all levels, the last ones most.</summary>
    internal double Mean => Math.Min(MostRate, _meanRight / _meanTrials);

    /// <summary>Of guesses of a level.</summary>
    internal double this[int level] => Math.Min(MostRate, _right[Known(level)] / _trials[Known(level)]);

    /// <summary>A guess was decided.</summary>
    internal void Add(int level, bool isRight)
    {
        int known = Known(level);
        (_right[known], _trials[known]) = Faded(_right[known], _trials[known], isRight);
        (_meanRight, _meanTrials) = Faded(_meanRight, _meanTrials, isRight);
    }

    private static (double Right, double Trials) Faded(double right, double trials, bool isRight) =>
        ((right * Memory) + (isRight ? 1 : 0), (trials * Memory) + 1);

    private int Known(int level) => Math.Clamp(level, 0, _right.Length - 1);
}
