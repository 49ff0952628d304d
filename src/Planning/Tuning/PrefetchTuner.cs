using System.Globalization;

namespace LayerStream.Planning.Tuning;

/// <summary>
/// Finds prefetch depth and reads in flight while passes run. No clock and no I/O: the same passes give the same decisions, so that they
/// can be replayed. It looks at a few passes at a time. A buffer that was full and then ran empty asks for more depth (the rule of
/// tf.data); one that never fills asks for more reads at the same time, which is tried and kept only if passes become faster; one that
/// stays full gives depth back, and so does one that a slow disk never fills, because a slot without use holds weights that then need no
/// read. When a try does not help, it is undone and not repeated until the disk has changed, or much later; one that helped a little has
/// to do so beside the old setting once more. Fewer slots that hold weights need only be as quick: a disk that gives its bytes out in steps
/// shows no few percent within a few passes, but one that wants more reads at the same time shows that at once. Where a pass does nothing
/// but wait for a disk that never rests, means of six passes decide, and slots stay as long as they cannot be told to be slower. A pass
/// that something outside held up is left out.
/// </summary>
public sealed class PrefetchTuner
{
    private const int Look = 3;              // passes of a look, behind one that still has the old setting
    private const double LittleWait = 0.03;  // of the wall: not worth a setting
    private const double Gain = 0.97;        // wall ÷ wall before, from which a try is kept
    private const double ClearGain = 0.85;   // from which it is no chance: a disk's rate moves less from one look to the next
    private const double Changed = 1.3;      // rate of the disk ÷ rate when it settled, from which it counts as another disk
    private const double WorthHolding = 0.03; // of what a pass reads, all slots but one: less is less than what a try costs where it fails
    private const double LittleHeld = 0.005; // where only bytes count
    private const double MostlyWait = 0.79, NeverIdle = 0.95; // of the wall: shares from which only bytes count
    private const double Rested = 0.03;       // of the wall: a disk that stands still so much longer had work for more slots
    private const double NotSlower = 1.1;     // of means of six passes: a step of the disk lies at either end
    private const double AsQuick = 1.02;      // that held weights spare reads is sure: only whether the disk got slower is looked at
    private const int FullLooks = 3;         // looks with a full buffer, from which depth is given back
    private const double Worse = 1.06;       // from which a try did harm, and not by chance
    private const double ClearlyWorse = 1.5; // a disk that gives its bytes out in steps shows 1.4 by chance
    private const int ShortestRest = 3;      // looks until a try that did not help is repeated, twice as many each time
    private const int LongRest = 12;         // until one that did harm is
    private const int LongestRest = 48;      // and until one that did much is

    private readonly TunerLimits _limits;
    private readonly DecisionLog<TunerDecision> _log = new();
    private readonly FirstPasses<TunedPass> _first = new();
    private readonly OddPasses _odd = new();
    private (double Wall, double Wait, double Busy, long Bytes, int Full, int Empty, int Passes) _sum;
    private readonly double[] _walls = new double[Look]; // of the passes of the look, in seconds
    private (double Wall, int Passes) _last; // the look before, if it had this setting
    private Try? _try;
    private TunerSetting _start;
    private double _settledRate = double.NaN; // with the setting in force
    private int _passes, _full, _rest, _nextRest = ShortestRest, _leastDepth = 1, _skips = 2;
    private bool _isSettled, _moreFailed;

    /// <summary>A tuner.</summary>
    /// <param name="limits">Within what it moves.</param>
    /// <param name="start">Where it begins: what was learnt of this disk and model, or <see cref="TunerLimits.Start"/>.</param>
    public PrefetchTuner(TunerLimits limits, TunerSetting start)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MostDepth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MostReads, 1);
        (_limits, Setting) = (limits, limits.Within(start));
        _start = Setting;
    }

    /// <summary>The setting in force.</summary>
    public TunerSetting Setting { get; private set; }

    /// <summary>The last decisions, the oldest first.</summary>
    public IReadOnlyList<TunerDecision> Decisions => _log.Decisions;

    /// <summary>What it saw from its beginning on; any thread may ask.</summary>
    public DepthHistory History => new(_limits, _start, _first.Snapshot());

    /// <summary>Whether nothing is tried at present: what holds is what was found best.</summary>
    public bool IsSettled => _isSettled && _try is null;

    /// <summary>What the last look came to, in words: also when nothing was changed.</summary>
    public string Finding { get; private set; } = "no pass was seen yet";

    /// <summary>Begins with what was learnt of this disk and model; without effect once passes were seen.</summary>
    public void StartAt(TunerSetting learnt)
    {
        if (_passes == 0)
        {
            Setting = _start = _limits.Within(learnt);
            Finding = string.Create(CultureInfo.InvariantCulture,
                $"begins with what was learnt: depth {Setting.Depth}, {Setting.Reads} reads at the same time");
        }
    }

    /// <summary>Takes in a decode pass; gives the decision that it led to, or null.</summary>
    public TunerDecision? Observe(in TunedPass pass)
    {
        _passes++;
        _first.Add(pass);
        if (_skips > 0 || pass.ReadBytes <= 0 || _odd.IsOdd(pass.WallSeconds))
        {
            _skips = Math.Max(0, _skips - 1); // began under the old setting, needed nothing, or was held up
            return null;
        }

        _sum = (_sum.Wall + pass.WallSeconds, _sum.Wait + pass.WaitSeconds, _sum.Busy + pass.BusySeconds, _sum.Bytes + pass.ReadBytes,
            _sum.Full + pass.WasFull, _sum.Empty + pass.WasEmpty, _sum.Passes + 1);
        _walls[_sum.Passes - 1] = pass.WallSeconds;
        if (_sum.Passes < Look)
        {
            return null;
        }

        Array.Sort(_walls);
        int passes = _last.Passes + _sum.Passes;
        Seen seen = new(_walls[Look / 2], _sum.Wait / _sum.Wall, _sum.Busy / _sum.Wall, _sum.Bytes / Math.Max(1e-9, _sum.Busy),
            _sum.Bytes / _sum.Passes, _sum.Full, _sum.Empty, (_last.Wall + _sum.Wall) / passes, passes);
        (_last, _sum) = ((_sum.Wall, _sum.Passes), default);
        return _try is { } tried ? EndTry(tried, seen) : Decide(seen);
    }

    private TunerDecision? Decide(Seen seen)
    {
        if (_isSettled && (seen.Rate > Changed * _settledRate || seen.Rate * Changed < _settledRate))
        {
            (_isSettled, _rest, _nextRest, _leastDepth, _moreFailed) = (false, 0, ShortestRest, 1, false);
        }

        if (seen.WaitShare < LittleWait)
        {
            Settle(seen, "next to nothing is waited for: depth is enough");
            _full = seen is { Full: > 0, Empty: 0 } ? _full + 1 : 0;
            return _full < FullLooks || Setting.Depth <= _leastDepth ? null
                : Begin(seen, Fewer(), Kind.Shrink, 1 / Gain, "tiles lay ready all the time: fewer slots are tried");
        }

        _full = 0;
        if (_rest > 0)
        {
            _rest--;
            return null;
        }

        if ((_moreFailed ? null : More(seen)) is { } more)
        {
            return more;
        }

        TunerSetting half = _limits.Within(new TunerSetting((Setting.Depth + 1) / 2, Setting.Reads));
        double held = (double)(Setting.Depth - 1) * _limits.HeldBytes / seen.PassBytes;
        if (seen.BusyShare >= NeverIdle && held >= (seen.WaitsForBytes ? LittleHeld : WorthHolding))
        {
            if (seen is { WaitsForBytes: true, IsLong: false })
            {
                return null;
            }

            _moreFailed = false;
            return Begin(seen, half, Kind.Hold, seen.WaitsForBytes ? NotSlower : AsQuick,
                "the disk is slower than compute: fewer slots ahead are tried, the others hold weights");
        }

        Rest(seen);
        return null;
    }

    /// <summary>Tries more depth, or more reads at the same time; null where there is no more.</summary>
    private TunerDecision? More(Seen seen)
    {
        TunerSetting more = _limits.Within(TunerLimits.WithAllReads(2 * Setting.Depth));
        return more == Setting ? null : Begin(seen, more, Kind.More, Gain, seen is { Full: > 0, Empty: > 0 } && more.Depth > Setting.Depth
            ? "the buffer was full and then ran empty: more depth is tried"
            : "compute waits and the buffer never fills: more reads at the same time are tried");
    }

    private TunerSetting Fewer() =>
        _limits.Within(Setting with { Depth = Math.Max(_leastDepth, Setting.Depth - Math.Max(1, Setting.Depth / 4)) });

    private TunerDecision Begin(Seen seen, TunerSetting setting, Kind kind, double bar, string reason)
    {
        _try = new Try(Setting, seen, kind, bar, null);
        return Set(setting, reason);
    }

    private TunerDecision? EndTry(Try tried, Seen seen)
    {
        _try = null;
        double ratio = seen.Wall / tried.Before.Wall;
        string change = string.Create(CultureInfo.InvariantCulture,
            $"a pass takes {1e3 * seen.Wall:0.#} ms instead of {1e3 * tried.Before.Wall:0.#}");
        if (tried.Kind == Kind.Shrink)
        {
            if (seen.WaitShare < LittleWait && ratio <= tried.Bar)
            {
                (_full, _settledRate) = (FullLooks - 1, seen.Rate); // and on, as long as it costs nothing
                return null;
            }

            _leastDepth = tried.Setting.Depth;
            return Set(tried.Setting, $"{change}: the slots are taken back");
        }

        if (tried.Kind == Kind.Hold && seen.BusyShare < tried.Before.BusyShare - Rested)
        {
            _nextRest = Math.Max(_nextRest, LongRest);
            return Undo(tried, ratio, "the disk stands still with fewer slots");
        }

        if (tried is { Kind: Kind.Hold, Before.WaitsForBytes: true })
        {
            return EndHold(tried, seen);
        }

        if (tried.During is { } during)
        {
            return EndSecondLook(tried, during, seen);
        }

        if (ratio <= ClearGain && tried.Kind == Kind.More) // what holding weights can save is known, and is less: that was the disk
        {
            Hold(seen, isHeld: false);
            return null; // the next look goes on from here
        }

        if (ratio <= tried.Bar)
        {
            _try = tried with { During = (Setting, seen) };
            return Set(tried.Setting, $"{change}: the setting before is looked at again, to be sure");
        }

        return Undo(tried, ratio, change);
    }

    /// <summary>Fewer slots where bytes alone count: what they hold is spared, so that they stay unless the disk became slower than
    /// its steps explain.</summary>
    private TunerDecision? EndHold(Try tried, Seen seen)
    {
        double ratio = seen.Mean / tried.Before.Mean;
        if (!seen.IsLong && ratio < ClearlyWorse)
        {
            _try = tried; // on, to a mean of as many passes
            return null;
        }

        string change = string.Create(CultureInfo.InvariantCulture,
            $"passes take {1e3 * seen.Mean:0.#} ms instead of {1e3 * tried.Before.Mean:0.#}");
        if (ratio > tried.Bar)
        {
            return Undo(tried, ratio, change);
        }

        Hold(seen, isHeld: true);
        Finding = $"{change}: what fewer slots hold is spared";
        return null;
    }

    /// <summary>What was tried holds.</summary>
    /// <param name="seen">A look at it.</param>
    /// <param name="isHeld">Whether it was fewer slots: more are not tried at once.</param>
    private void Hold(Seen seen, bool isHeld) =>
        (_rest, _nextRest, _moreFailed, _settledRate) = (0, ShortestRest, isHeld, seen.Rate);

    private TunerDecision Undo(Try tried, double ratio, string change)
    {
        _nextRest = Math.Max(_nextRest, ratio < Worse ? 0 : ratio < ClearlyWorse ? LongRest : LongestRest);
        EndWithout(tried.Kind, tried.Before);
        return Set(tried.Setting, $"{change}: that did not help, and is undone; {Finding}");
    }

    /// <summary>Back at the setting before: what was tried holds only if this is slower once more.</summary>
    private TunerDecision? EndSecondLook(Try tried, (TunerSetting Setting, Seen Seen) during, Seen seen)
    {
        if (during.Seen.Wall <= tried.Bar * seen.Wall)
        {
            Hold(during.Seen, isHeld: tried.Kind == Kind.Hold);
            return Set(during.Setting, string.Create(CultureInfo.InvariantCulture, $"a pass took {1e3 * during.Seen.Wall:0.#} ms, "
                + $"and takes {1e3 * seen.Wall:0.#} with the setting before: what was tried holds"));
        }

        EndWithout(tried.Kind, seen);
        return null;
    }

    /// <summary>A try did not help: behind more the opposite is tried, behind that nothing for a while.</summary>
    /// <param name="kind">What was tried.</param>
    /// <param name="seen">A look at the setting that holds: a disk gives each number of reads at the same time another rate.</param>
    private void EndWithout(Kind kind, Seen seen)
    {
        if (kind == Kind.More && _limits.HeldBytes > 0)
        {
            _moreFailed = true;
            Finding = Bound(seen);
        }
        else
        {
            Rest(seen);
        }
    }

    private void Rest(Seen seen)
    {
        (_rest, _nextRest, _moreFailed) = (_nextRest, Math.Min(LongestRest, 2 * _nextRest), false);
        Settle(seen, Bound(seen));
    }

    private TunerDecision Set(TunerSetting setting, string reason)
    {
        (Setting, Finding, _last) = (setting, reason, default);
        _skips = _limits.HeldBytes > 0 ? 2 : 1; // a tile is held, or given back, a pass later than depth changes
        return _log.Add(new TunerDecision(_passes, setting, reason));
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

    /// <summary>What a try changes: more depth or reads; less depth, because tiles lie ready; less depth, to hold weights.</summary>
    private enum Kind
    {
        More,
        Shrink,
        Hold,
    }

    /// <summary>A look: its middle pass, neither held up nor helped by what came before it, and the means of the rest.</summary>
    /// <param name="Wall">Of the middle pass, in seconds.</param>
    /// <param name="WaitShare">Of the wall, for which compute waited.</param>
    /// <param name="BusyShare">Of the wall, in which reads were in flight.</param>
    /// <param name="Rate">Bytes a second while reads were in flight.</param>
    /// <param name="PassBytes">Bytes of a pass.</param>
    /// <param name="Full">How often compute came to a full buffer.</param>
    /// <param name="Empty">How often to an empty one.</param>
    /// <param name="Mean">Wall of a pass over this look and the one before it at the same setting, in seconds.</param>
    /// <param name="Passes">Passes of both.</param>
    private readonly record struct Seen(double Wall, double WaitShare, double BusyShare, double Rate, long PassBytes, int Full, int Empty,
        double Mean, int Passes)
    {
        /// <summary>Whether the disk never rests and nearly all of a pass waits for it: what it is spared is the time of a pass.</summary>
        public bool WaitsForBytes => WaitShare >= MostlyWait && BusyShare >= NeverIdle;

        /// <summary>Whether the mean is of so many passes that steps even out.</summary>
        public bool IsLong => Passes >= 2 * Look;
    }

    /// <summary>A setting on trial: what held before it, what passes were like before it and with it, and the time ÷ that before up to
    /// which it is kept.</summary>
    private sealed record Try(TunerSetting Setting, Seen Before, Kind Kind, double Bar, (TunerSetting Setting, Seen Seen)? During);
}
