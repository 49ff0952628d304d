using System.Globalization;

namespace LayerStream.Planning.Tuning;

/// <summary>
/// Finds how many transient slots predicted reads may fill, while passes run. No clock and no I/O: the same passes give the same
/// decisions, so that they can be replayed. Much read for nothing on a disk that has little idle time asks for fewer; predictions that
/// found no slot while the disk was idle ask for more. Either is a try, which holds only if compute then waits less for a needed byte than
/// in the passes before, and than in those with the old number again; else it is undone, and repeated after a rest that grows.
/// </summary>
public sealed class TransientTuner
{
    private const int Look = 4;             // passes of a look: what a token needs from flash differs from the next by a tenth
    private const double Gain = 0.97;       // wait for a byte ÷ that before, from which a try is kept
    private const double Wasteful = 0.25;   // of the predicted bytes, from which fewer slots are tried
    private const double MuchIdle = 0.4;    // of the wall: what is read for nothing keeps nobody waiting
    private const double LeastIdle = 0.05;  // of the wall, from which more slots may be of use
    private const int FirstRest = 8;        // looks
    private const int LongestRest = 64;

    private readonly int _most;
    private readonly OddPasses _odd = new();
    private readonly DecisionLog<TransientDecision> _log = new();
    private readonly FirstPasses<AheadPass> _first = new();
    private (double Wall, double Wait, double Busy, long Needed, long Useful, long Wasted, long Refusals, int Passes) _sum;
    private Try? _try;
    private int _passes, _rest, _nextRest = FirstRest;
    private bool _skips = true;

    /// <summary>A tuner that begins with all slots: a model's first tokens have the least in memory.</summary>
    /// <param name="most">Slots that were allocated but for the one that demand always has; at least 1.</param>
    public TransientTuner(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        (_most, Slots) = (most, most);
    }

    /// <summary>Slots that predicted reads may fill.</summary>
    public int Slots { get; private set; }

    /// <summary>The last decisions, the oldest first.</summary>
    public IReadOnlyList<TransientDecision> Decisions => _log.Decisions;

    /// <summary>What it saw from its beginning on; any thread may ask.</summary>
    public TransientHistory History => new(_most, _first.Snapshot());

    /// <summary>What the last look came to, in words: also when nothing was changed.</summary>
    public string Finding { get; private set; } = "no pass with predicted reads was seen yet";

    /// <summary>Takes in a decode pass; gives the decision that it led to, or null.</summary>
    public TransientDecision? Observe(in AheadPass pass)
    {
        _passes++;
        _first.Add(pass);
        if (!pass.WasPredicted || pass.NeededBytes <= 0 || pass.UsefulBytes + pass.WastedBytes <= 0)
        {
            return null;
        }

        if (_skips || _odd.IsOdd(pass.WaitSeconds / pass.NeededBytes))
        {
            _skips = false; // began under the old number, or something outside held it up
            return null;
        }

        _sum = (_sum.Wall + pass.WallSeconds, _sum.Wait + pass.WaitSeconds, _sum.Busy + pass.BusySeconds, _sum.Needed + pass.NeededBytes,
            _sum.Useful + pass.UsefulBytes, _sum.Wasted + pass.WastedBytes, _sum.Refusals + pass.Refusals, _sum.Passes + 1);
        if (_sum.Passes < Look)
        {
            return null;
        }

        Seen seen = new(_sum.Wait / _sum.Needed, (double)_sum.Wasted / (_sum.Useful + _sum.Wasted),
            Math.Max(0, 1 - (_sum.Busy / _sum.Wall)), _sum.Refusals > 0);
        _sum = default;
        return _try is { } tried ? EndLook(tried, seen) : Decide(seen);
    }

    private TransientDecision? Decide(Seen seen)
    {
        string state = string.Create(CultureInfo.InvariantCulture,
            $"of the bytes read ahead {seen.Wasted:P0} are of no use, and the disk is idle for {seen.Idle:P0} of the time");
        Finding = $"{Slots} transient slots for reads ahead: {state}";
        if (_rest > 0)
        {
            _rest--;
            return null;
        }

        if (seen.Wasted > Wasteful && seen.Idle < MuchIdle && Slots > 1)
        {
            return Begin(seen, Slots / 2, $"{state}: fewer transient slots for reads ahead are tried");
        }

        if (seen is { WasRefused: true, Idle: >= LeastIdle } && Slots < _most)
        {
            return Begin(seen, Math.Min(_most, 2 * Slots), $"{state}, but predictions found no slot: more of them are tried");
        }

        return null;
    }

    private TransientDecision Begin(Seen seen, int slots, string reason)
    {
        _try = new Try(Slots, slots, seen, null);
        return Set(slots, reason);
    }

    private TransientDecision? EndLook(Try tried, Seen seen)
    {
        if (tried.During is not { } during)
        {
            if (seen.Wait <= Gain * tried.Before.Wait)
            {
                _try = tried with { During = seen };
                return Set(tried.From, "the wait for a byte became shorter: the old number is looked at again, to be sure");
            }

            Rest();
            return Set(tried.From, $"{Compare(seen, tried.Before)}: that did not help, and is undone");
        }

        if (during.Wait <= Gain * seen.Wait)
        {
            (_try, _rest, _nextRest) = (null, 0, FirstRest);
            return Set(tried.To, $"{Compare(during, seen)}: that holds");
        }

        Rest();
        Finding = $"{Compare(during, seen)}: nothing but chance; {Slots} transient slots for reads ahead hold";
        return null;
    }

    private void Rest() => (_try, _rest, _nextRest) = (null, _nextRest, Math.Min(LongestRest, 2 * _nextRest));

    private static string Compare(Seen one, Seen other) => string.Create(CultureInfo.InvariantCulture,
        $"a needed MiB is waited for {1e3 * (1 << 20) * one.Wait:0.###} ms instead of {1e3 * (1 << 20) * other.Wait:0.###}");

    private TransientDecision Set(int slots, string reason)
    {
        string finding = string.Create(CultureInfo.InvariantCulture, $"{reason} ({Slots} → {slots})");
        (Slots, _skips, Finding) = (slots, true, finding);
        return _log.Add(new TransientDecision(_passes, slots, finding));
    }

    /// <summary>The mean of a look: seconds of wait for a needed byte, and shares.</summary>
    private readonly record struct Seen(double Wait, double Wasted, double Idle, bool WasRefused);

    /// <summary>A number on trial: what passes were like before it, and with it.</summary>
    private sealed record Try(int From, int To, Seen Before, Seen? During);
}
