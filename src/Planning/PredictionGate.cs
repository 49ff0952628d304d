using LayerStream.Planning.Tuning;

namespace LayerStream.Planning;

/// <summary>
/// Whether the next decode pass predicts. It does not once most predicted bytes are wasted, or once compute waits longer per needed byte
/// with predictions than without; then it needs to be clearly better again. Single passes run the other way, so that both sides stay
/// measured: ever more seldom while they change nothing, as each costs what predictions gain. No clock: the same passes give the same
/// answers.
/// </summary>
public sealed class PredictionGate
{
    /// <summary>Passes from the first look at the other side to the next, and again once the answer has changed; doubled by each look that
    /// confirms it.</summary>
    public const int Period = 16;

    private const int MostPeriod = 128;        // passes from one look to the next
    private const int FirstLook = 8;           // passes until the first
    private const double LeastUseful = 0.5;    // share of predicted bytes
    private const double ReopenUseful = 0.6;
    private const double Worse = 1.1;          // wait per byte with ÷ without, from which predictions stop
    // passes without predictions before waits are compared: a disk's rate changes by more from one to the next
    private const int LeastLooks = 2;
    private const double Memory = 0.75;        // weight of what is known against a new pass

    private readonly OddPasses _oddWith = new(), _oddWithout = new(); // a disk that stood still once says nothing about predictions
    private double _with = double.NaN;    // ticks per byte
    private double _without = double.NaN;
    private double _useful = 1;
    private int _passes;
    private int _period = Period, _lastLook = FirstLook - Period; // a change of the answer counts as a look
    private int _looks; // passes observed without predictions

    /// <summary>Whether passes predict, but for single looks at the other side.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>Takes in a pass. One that needed nothing from flash says nothing.</summary>
    public void Observe(in PredictionPass pass)
    {
        if (pass.NeededBytes <= 0)
        {
            return;
        }

        bool wasOpen = IsOpen;
        double wait = (double)pass.WaitTicks / pass.NeededBytes;
        long predicted = pass.UsefulBytes + pass.WastedBytes;
        if (!pass.WasPredicted)
        {
            if (!_oddWithout.IsOdd(wait))
            {
                _without = Blend(_without, wait);
                _looks++;
            }
        }
        else if (predicted > 0)
        {
            _with = _oddWith.IsOdd(wait) ? _with : Blend(_with, wait);
            _useful = Blend(_useful, (double)pass.UsefulBytes / predicted);
        }

        double ratio = double.IsNaN(_with) || _looks < LeastLooks ? 1 : _with / _without;
        IsOpen = IsOpen ? _useful >= LeastUseful && !(ratio > Worse) : _useful >= ReopenUseful && ratio < 1;
        if (IsOpen != wasOpen)
        {
            (_period, _lastLook) = (Period, _passes - 1);
        }
        else if (pass.WasPredicted != wasOpen && _looks >= LeastLooks)
        {
            _period = Math.Min(2 * _period, MostPeriod);
        }
    }

    /// <summary>Whether the pass that begins predicts.</summary>
    public bool Next()
    {
        bool isLook = _passes == _lastLook + _period;
        _lastLook = isLook ? _passes : _lastLook;
        _passes++;
        return IsOpen != isLook;
    }

    private static double Blend(double known, double latest) => double.IsNaN(known) ? latest : (Memory * known) + ((1 - Memory) * latest);
}
