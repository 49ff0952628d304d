using System.Globalization;

namespace LayerStream.Planning.Tuning;

/// <summary>
/// Finds prefetch depth and reads in flight while passes run. No clock and no I/O: the same passes give the same decisions, so that they
/// can be replayed. It looks at a few passes at a time. A buffer that was full and then ran empty asks for more depth (the rule of
/// tf.data); one that never fills asks for more reads at the same time, which is tried and kept only if passes become faster; one that
/// stays full gives depth back. When a try does not help, it is undone and not repeated until the disk has changed, or much later; one
/// that helped a little has to do so beside the old setting once more. A pass that something outside held up is left out.
/// </summary>
public sealed class PrefetchTuner
{
    private const int Look = 2;              // passes of a look, behind one that still has the old setting
    private const double LittleWait = 0.03;  // of the wall: not worth a setting
    private const double Gain = 0.97;        // wall ÷ wall before, from which a try is kept
    private const double ClearGain = 0.85;   // from which it is no chance: a disk's rate moves less from one look to the next
    private const double Changed = 1.3;      // rate of the disk ÷ rate when it settled, from which it counts as another disk
    private const int FullLooks = 3;         // looks with a full buffer, from which depth is given back
    private const int LongestRest = 64;      // looks until a try that did not help is repeated
    private const int MostLogged = 64;

    private readonly TunerLimits _limits;
    private readonly List<TunerDecision> _decisions = [];
    private readonly OddPasses _odd = new();
    private (double Wall, double Wait, double Busy, long Bytes, int Full, int Empty, int Passes) _sum;
    private double _quickest = double.MaxValue; // pass of the look, in seconds
    private Try? _try;
    private double _settledRate = double.NaN;
    private int _passes, _full, _rest, _nextRest = 8, _leastDepth = 1;
    private bool _skips = true, _isSettled;

    /// <summary>A tuner.</summary>
    /// <param name="limits">Within what it moves.</param>
    /// <param name="start">Where it begins: what was learnt of this disk and model, or <see cref="TunerLimits.Start"/>.</param>
    public PrefetchTuner(TunerLimits limits, TunerSetting start)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MostDepth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MostReads, 1);
        (_limits, Setting) = (limits, limits.Within(start));
    }

    /// <summary>The setting in force.</summary>
    public TunerSetting Setting { get; private set; }

    /// <summary>The last decisions, the oldest first.</summary>
    public IReadOnlyList<TunerDecision> Decisions => _decisions;

    /// <summary>Whether nothing is tried at present: what holds is what was found best.</summary>
    public bool IsSettled => _isSettled && _try is null;

    /// <summary>What the last look came to, in words: also when nothing was changed.</summary>
    public string Finding { get; private set; } = "no pass was seen yet";

    /// <summary>Begins with what was learnt of this disk and model; without effect once passes were seen.</summary>
    public void StartAt(TunerSetting learnt)
    {
        if (_passes == 0)
        {
            Setting = _limits.Within(learnt);
            Finding = string.Create(CultureInfo.InvariantCulture,
                $"begins with what was learnt: depth {Setting.Depth}, {Setting.Reads} reads at the same time");
        }
    }

    /// <summary>Takes in a decode pass; gives the decision that it led to, or null.</summary>
    public TunerDecision? Observe(in TunedPass pass)
    {
        _passes++;
        if (_skips || pass.ReadBytes <= 0 || _odd.IsOdd(pass.WallSeconds))
        {
            _skips = false; // began under the old setting, needed nothing, or was held up
            return null;
        }

        _sum = (_sum.Wall + pass.WallSeconds, _sum.Wait + pass.WaitSeconds, _sum.Busy + pass.BusySeconds, _sum.Bytes + pass.ReadBytes,
            _sum.Full + pass.WasFull, _sum.Empty + pass.WasEmpty, _sum.Passes + 1);
        _quickest = Math.Min(_quickest, pass.WallSeconds);
        if (_sum.Passes < Look)
        {
            return null;
        }

        Seen seen = new(_quickest, _sum.Wait / _sum.Wall, _sum.Bytes / Math.Max(1e-9, _sum.Busy), _sum.Full, _sum.Empty);
        (_sum, _quickest) = (default, double.MaxValue);
        return _try is { } tried ? EndTry(tried, seen) : Decide(seen);
    }

    private TunerDecision? Decide(Seen seen)
    {
        if (_isSettled && (seen.Rate > Changed * _settledRate || seen.Rate * Changed < _settledRate))
        {
            (_isSettled, _rest, _nextRest, _leastDepth) = (false, 0, 8, 1);
        }

        bool wasFull = seen.Full > 0, ranEmpty = seen.Empty > 0;
        if (seen.WaitShare < LittleWait)
        {
            Settle(seen, "next to nothing is waited for: depth is enough");
            _full = wasFull && !ranEmpty ? _full + 1 : 0;
            return _full < FullLooks || Setting.Depth <= _leastDepth ? null
                : Begin(seen, Fewer(), isShrink: true, "tiles lay ready all the time: fewer slots are tried");
        }

        _full = 0;
        if (_rest > 0)
        {
            _rest--;
            return null;
        }

        TunerSetting more = _limits.Within(new TunerSetting(Setting.Depth * 2, Math.Max(Setting.Reads, Setting.Depth * 2)));
        if (wasFull && ranEmpty && Setting.Depth < _limits.MostDepth)
        {
            return Begin(seen, _limits.Within(Setting with { Depth = Setting.Depth * 2 }), isShrink: false,
                "the buffer was full and then ran empty: more depth is tried");
        }

        if (more != Setting)
        {
            return Begin(seen, more, isShrink: false, "compute waits and the buffer never fills: more reads at the same time are tried");
        }

        Settle(seen, Bound(seen));
        return null;
    }

    private TunerSetting Fewer() =>
        _limits.Within(Setting with { Depth = Math.Max(_leastDepth, Setting.Depth - Math.Max(1, Setting.Depth / 4)) });

    private TunerDecision Begin(Seen seen, TunerSetting setting, bool isShrink, string reason)
    {
        _try = new Try(Setting, seen, isShrink, null);
        return Set(setting, reason);
    }

    private TunerDecision? EndTry(Try tried, Seen seen)
    {
        _try = null;
        double ratio = seen.Wall / tried.Before.Wall;
        string change = string.Create(CultureInfo.InvariantCulture,
            $"a pass takes {1e3 * seen.Wall:0.#} ms instead of {1e3 * tried.Before.Wall:0.#}");
        if (tried.IsShrink)
        {
            if (seen.WaitShare < LittleWait && ratio <= 1 / Gain)
            {
                _full = FullLooks - 1; // and on, as long as it costs nothing
                return null;
            }

            _leastDepth = tried.Setting.Depth;
            return Set(tried.Setting, $"{change}: the slots are taken back");
        }

        if (tried.During is { } during)
        {
            return EndSecondLook(during, seen);
        }

        if (ratio <= ClearGain)
        {
            (_rest, _nextRest) = (0, 8);
            return null; // what was tried holds; the next look goes on from here
        }

        if (ratio <= Gain)
        {
            _try = tried with { During = (Setting, seen.Wall) };
            return Set(tried.Setting, $"{change}: the setting before is looked at again, to be sure");
        }

        Rest(seen);
        return Set(tried.Setting, $"{change}: that did not help, and is undone; {Finding}");
    }

    /// <summary>Back at the setting before: what was tried holds only if this is slower once more.</summary>
    private TunerDecision? EndSecondLook((TunerSetting Setting, double Wall) during, Seen seen)
    {
        if (during.Wall <= Gain * seen.Wall)
        {
            (_rest, _nextRest) = (0, 8);
            return Set(during.Setting, string.Create(CultureInfo.InvariantCulture,
                $"a pass took {1e3 * during.Wall:0.#} ms, and takes {1e3 * seen.Wall:0.#} with the setting before: what was tried holds"));
        }

        Rest(seen);
        return null;
    }

    private void Rest(Seen seen)
    {
        (_rest, _nextRest) = (_nextRest, Math.Min(LongestRest, 2 * _nextRest));
        Settle(seen, Bound(seen));
    }

    private TunerDecision Set(TunerSetting setting, string reason)
    {
        (Setting, _skips, Finding) = (setting, true, reason);
        TunerDecision decision = new(_passes, setting, reason);
        _decisions.Add(decision);
        if (_decisions.Count > MostLogged)
        {
            _decisions.RemoveAt(0);
        }

        return decision;
    }

    private void Settle(Seen seen, string finding)
    {
        Finding = finding;
        if (!_isSettled)
        {
            (_isSettled, _settledRate) = (true, seen.Rate);
        }
    }

    private static string Bound(Seen seen) => string.Create(CultureInfo.InvariantCulture,
        $"disk-bound at {seen.Rate / 1e9:0.00} GB/s: no depth and no number of reads can help");

    /// <summary>A look: its quickest pass, which nothing held up, and the means of the rest.</summary>
    private readonly record struct Seen(double Wall, double WaitShare, double Rate, int Full, int Empty);

    /// <summary>A setting on trial: what held before it, and what passes were like before it and with it.</summary>
    private sealed record Try(TunerSetting Setting, Seen Before, bool IsShrink, (TunerSetting Setting, double Wall)? During);
}
