namespace LayerStream.Planning.Drafts;

/// <summary>
/// What passes with k guesses of one kind take, in passes without any: 1 + a + b·k, fitted to the passes so far, the last ones most, and
/// drawn to what guesses cost usually as long as there are few. A pass that takes far longer than passes like it counts for no more than
/// some multiple of them.
/// </summary>
internal sealed class DraftCosts
{
    private const double Memory = 0.9;      // of passes before against a new one
    private const double UsualCost = 0.05;  // of a guess, before any is measured
    private const double LeastCost = 0.01;  // of a guess: none is free, and of many that seem so the last ones are hardly ever right
    private const double Pull = 0.5;        // passes that the usual figures count for
    private const double MostStray = 2;     // times what a pass is taken to last, at most

    private double _count, _guesses, _squares, _seconds, _products; // sums over passes

    /// <summary>A pass with guesses is over.</summary>
    /// <param name="guesses">How many it had.</param>
    /// <param name="seconds">What it took.</param>
    /// <param name="plainSeconds">What one without takes; NaN = not known yet.</param>
    internal void Add(int guesses, double seconds, double plainSeconds)
    {
        if (_count >= 1 && plainSeconds > 0)
        {
            seconds = Math.Min(seconds, MostStray * plainSeconds * Of(guesses, plainSeconds));
        }

        _count = (Memory * _count) + 1;
        _guesses = (Memory * _guesses) + guesses;
        _squares = (Memory * _squares) + (guesses * guesses);
        _seconds = (Memory * _seconds) + seconds;
        _products = (Memory * _products) + (guesses * seconds);
    }

    /// <summary>Of a pass with so many guesses, at least 1.</summary>
    internal double Of(int guesses, double plainSeconds)
    {
        (double fixedCost, double each) = Fit(plainSeconds);
        return Math.Max(1 + (LeastCost * guesses), 1 + fixedCost + (each * guesses));
    }

    /// <summary>Least squares with a pull to no fixed cost and the usual one of a guess.</summary>
    private (double Fixed, double Each) Fit(double plainSeconds)
    {
        if (!(plainSeconds > 0))
        {
            return (0, UsualCost);
        }

        double excess = (_seconds / plainSeconds) - _count, product = (_products / plainSeconds) - _guesses + (Pull * UsualCost);
        double count = _count + Pull, squares = _squares + Pull, determinant = (count * squares) - (_guesses * _guesses);
        double each = ((count * product) - (_guesses * excess)) / determinant;
        return each < 0 ? (excess / count, 0) : (((squares * excess) - (_guesses * product)) / determinant, each);
    }
}
