namespace LayerStream.Planning.Tuning;

/// <summary>
/// Tells a pass that something outside held up (a disk that stood still, a machine that was paused) from a change that lasts. Such a pass
/// says nothing about a setting; one that is believed stands in a mean for a long time.
/// </summary>
internal sealed class OddPasses
{
    private const double Odd = 3; // × what is usual
    private const int MostOdd = 2; // in a row: the next one is a change that lasts
    private const double Memory = 0.75;

    private double _usual = double.NaN;
    private int _odd;

    /// <summary>Takes in what a pass took, in any unit; whether it is to be left out.</summary>
    internal bool IsOdd(double took)
    {
        if (took > Odd * _usual && _odd < MostOdd)
        {
            _odd++;
            return true;
        }

        bool isChange = double.IsNaN(_usual) || took > Odd * _usual;
        (_usual, _odd) = (isChange ? took : (Memory * _usual) + ((1 - Memory) * took), 0);
        return false;
    }
}
