using System.Globalization;

namespace LayerStream.Planning.Tuning;

/// <summary>
/// Finds how many threads compute fastest while others use the same cores. No clock and no I/O: the same passes give the same decisions.
/// Where members lose their cores in the middle of work, so that the others wait, parking early and one fewer are tried in turn; where
/// there are fewer than could be, one more is tried now and then. A try is kept only if passes become faster by it. Results never depend
/// on it.
/// </summary>
public sealed class CrewTuner
{
    private const double LookSeconds = 0.25;   // long against the time slices of schedulers
    private const double Contended = 0.12;     // share of held-up and queued time from which others are at work
    private const double Calm = 0.06;          // below which they no longer are: in between a system takes some time from everybody
    private const double Gain = 0.95;          // time ÷ time before, up to which a try is kept: one fewer is kept when it costs nothing
    private const int FirstRest = 4, LongestRest = 64; // looks until a try that did not help is repeated
    private const int LongestRestBelowStart = 12;      // rivals may have left

    private readonly int _most, _start;
    private readonly DecisionLog<CrewDecision> _log = new();
    private CrewPass _sum;
    private Try? _try;
    private int _passes, _lookPasses, _allowed;
    private Pause _park = Pause.None, _shrink = Pause.None, _grow = Pause.None;

    /// <summary>A tuner.</summary>
    /// <param name="most">Threads there are, at least 1.</param>
    /// <param name="start">Threads to begin with: one for each core that is worth one without a try.</param>
    public CrewTuner(int most, int start)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        _most = _allowed = most;
        _start = Math.Clamp(start, 1, most);
        Setting = new CrewSetting(_start, true);
        Finding = $"begins with {Setting}";
    }

    /// <summary>What holds.</summary>
    public CrewSetting Setting { get; private set; }

    /// <summary>Whether the last look found others at work on the same cores.</summary>
    public bool IsContended { get; private set; }

    /// <summary>What the last look came to, in words.</summary>
    public string Finding { get; private set; }

    /// <summary>The last decisions, the oldest first.</summary>
    public IReadOnlyList<CrewDecision> Decisions => _log.Decisions;

    /// <summary>Takes in how many threads a quota of processor time feeds; null = there is none.</summary>
    public CrewDecision? Allow(int? cores)
    {
        int before = _allowed;
        _allowed = Math.Clamp(cores ?? _most, 1, _most);
        if (_allowed == before)
        {
            return null;
        }

        int members = _allowed < Setting.Members ? _allowed : Math.Max(Setting.Members, Math.Min(_start, _allowed));
        (_try, _park, _shrink, _grow) = (null, Pause.None, Pause.None, Pause.None);
        return Set(Setting with { Members = members }, cores is null ? "there is no quota of processor time any more"
            : string.Create(CultureInfo.InvariantCulture, $"a quota of processor time feeds {_allowed}"));
    }

    /// <summary>Takes in a pass; gives the decision that it led to, or null.</summary>
    public CrewDecision? Observe(in CrewPass pass)
    {
        _passes++;
        if (_most == 1 || pass.ComputeSeconds <= 0)
        {
            return null;
        }

        if (pass.Rows != _sum.Rows)
        {
            CrewDecision? undone = _try is { } open ? Set(open.Setting, "other passes came in between: the try is given up") : null;
            (_try, _sum, _lookPasses) = (null, default, 0);
            if (undone is not null)
            {
                return undone;
            }
        }

        _sum = new CrewPass(pass.Rows, _sum.ComputeSeconds + pass.ComputeSeconds, _sum.HeldUpSeconds + pass.HeldUpSeconds,
            _sum.QueuedSeconds + pass.QueuedSeconds);
        _lookPasses++;
        if (_sum.ComputeSeconds < LookSeconds)
        {
            return null;
        }

        double seconds = _sum.ComputeSeconds / _lookPasses, lost = (_sum.HeldUpSeconds + _sum.QueuedSeconds) / _sum.ComputeSeconds;
        (_sum, _lookPasses) = (new CrewPass(_sum.Rows, 0, 0, 0), 0);
        return _try is { } tried ? EndTry(tried, seconds) : Decide(seconds, lost);
    }

    private CrewDecision? Decide(double seconds, double lost)
    {
        int members = Setting.Members;
        string share = string.Create(CultureInfo.InvariantCulture, $"{100 * lost:0} % of the time is lost to others");
        if (lost >= (IsContended ? Calm : Contended) != IsContended)
        {
            IsContended = !IsContended;
            (_park, _shrink) = (Pause.None, Pause.None);
            if (!IsContended && !Setting.Spins && members > 1)
            {
                return Set(Setting with { Spins = true }, $"{share}: no reason to park early");
            }
        }

        (_park, _shrink, _grow) = (_park.Next, _shrink.Next, _grow.Next);
        if (IsContended && members > 1 && _park.IsOver)
        {
            return Begin(seconds, Kind.Park, Setting with { Spins = !Setting.Spins }, share);
        }

        if (IsContended && members > 1 && _shrink.IsOver)
        {
            return Begin(seconds, Kind.Shrink, Setting with { Members = members > _start ? _start : members - 1 }, share);
        }

        if (members < _allowed && _grow.IsOver)
        {
            return Begin(seconds, Kind.Grow, new CrewSetting(members < _start ? members + 1 : _allowed, true),
                members < _start ? "others may have left" : "siblings and slower cores may help");
        }

        Finding = string.Create(CultureInfo.InvariantCulture, $"{Setting} of {_most}; {share}");
        return null;
    }

    private CrewDecision Begin(double seconds, Kind kind, CrewSetting setting, string reason)
    {
        _try = new Try(Setting, seconds, kind);
        return Set(setting, $"{reason}: {setting} tried instead of {Setting}");
    }

    private CrewDecision EndTry(Try tried, double seconds)
    {
        _try = null;
        string change = string.Create(CultureInfo.InvariantCulture,
            $"{Setting}: {1e3 * seconds:0.#} ms a pass; {tried.Setting}: {1e3 * tried.Seconds:0.#}");
        if (seconds <= (tried.Kind == Kind.Shrink ? 1 : Gain) * tried.Seconds)
        {
            Rest(tried.Kind) = Pause.Of(FirstRest);
            return Log(Finding = $"{change}: kept");
        }

        ref Pause rest = ref Rest(tried.Kind);
        rest = rest.Longer(tried.Kind == Kind.Grow && tried.Setting.Members < _start ? LongestRestBelowStart : LongestRest);
        return Set(tried.Setting, $"{change}: undone");
    }

    private CrewDecision Set(CrewSetting setting, string reason)
    {
        Setting = setting;
        return Log(Finding = reason);
    }

    private CrewDecision Log(string reason) => _log.Add(new CrewDecision(_passes, Setting, reason));

    private ref Pause Rest(Kind kind)
    {
        if (kind == Kind.Park)
        {
            return ref _park;
        }

        return ref kind == Kind.Shrink ? ref _shrink : ref _grow;
    }

    /// <summary>What a try changes.</summary>
    private enum Kind
    {
        Park,
        Shrink,
        Grow,
    }

    /// <summary>A setting on trial: what held before it, how long a pass took, and what kind of try it is.</summary>
    private sealed record Try(CrewSetting Setting, double Seconds, Kind Kind);

    /// <summary>Looks until a try may be made, and how many there were at first.</summary>
    private readonly record struct Pause(int Left, int Length)
    {
        internal static Pause None => new(0, 0);

        internal bool IsOver => Left == 0;

        internal Pause Next => this with { Left = Math.Max(0, Left - 1) };

        internal static Pause Of(int looks) => new(looks, looks);

        internal Pause Longer(int longest) => Of(Math.Clamp(2 * Length, FirstRest, longest));
    }
}
