namespace LayerStream.Planning.Batches;

/// <summary>
/// How many rows of prompts a pass may take while another sequence waits for its next token, from what passes took so far. Rows that are
/// computed while the sweep is read anyway cost nobody anything. No clock of its own, no I/O.
/// </summary>
/// <param name="mostSeconds">What a pass may take because of prompts.</param>
public sealed class PassPace(double mostSeconds)
{
    private const int FewRows = 8;          // a pass of so many costs what its sweep costs
    private const int RowsAtFirst = 16;     // before anything has been measured
    private const double Smoothing = 0.3;   // weight of the newest pass

    private double _rowSeconds;
    private double _sweepSeconds;

    /// <summary>Most rows of prompts beside a sequence that waits for its next token; at least 1.</summary>
    public int PromptRows =>
        _rowSeconds <= 0 ? RowsAtFirst : (int)Math.Clamp(Math.Max(mostSeconds, _sweepSeconds) / _rowSeconds, 1, int.MaxValue);

    /// <summary>A pass is over.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="computeSeconds">Time it computed.</param>
    /// <param name="wallSeconds">Time it took.</param>
    public void Observe(int rows, double computeSeconds, double wallSeconds)
    {
        if (rows > FewRows)
        {
            Add(ref _rowSeconds, computeSeconds / rows);
        }
        else if (rows > 0)
        {
            Add(ref _sweepSeconds, wallSeconds);
        }
    }

    private static void Add(ref double mean, double value) => mean = mean <= 0 ? value : (Smoothing * value) + ((1 - Smoothing) * mean);
}
