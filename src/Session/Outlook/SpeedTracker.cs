using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Planning;
using LayerStream.Planning.Tuning;

namespace LayerStream.Session.Outlook;

/// <summary>Predicts each generation of a model from those before it, scores the prediction, and keeps both in the profile.</summary>
public sealed class SpeedTracker
{
    private static readonly TimeSpan s_leastPause = TimeSpan.FromSeconds(10); // between two writings of the file

    private readonly Lock _lock = new();
    private readonly EnginePlan _plan;
    private readonly string? _path;
    private ModelProfile _profile;
    private SpeedBasis _basis;
    private KnownCurve? _curve;
    private long _written;
    private bool _isDirty;

    /// <summary>Takes up what the profile knows.</summary>
    /// <param name="plan">The plan in force.</param>
    /// <param name="options">Its options.</param>
    /// <param name="files">The model's files.</param>
    /// <param name="deviceBytesPerSecond">The device as measured; 0 = not measured.</param>
    public SpeedTracker(EnginePlan plan, ModelOptions options, IReadOnlyList<string> files, double deviceBytesPerSecond)
    {
        const double unknown = 1e9; // where not even the device was measured
        (_plan, _path) = (plan, options.ProfilePath);
        Outlook = new SpeedOutlook(plan, options.Prediction);
        string name = Path.GetFileName(files[0]);
        long bytes = files.Sum(f => new FileInfo(f).Length);
        ModelProfile? known = SpeedProfile.Read(_path).Find(name, bytes, plan.Threads);
        _basis = known?.Basis ?? Outlook.Assume(deviceBytesPerSecond > 0 ? deviceBytesPerSecond : unknown);
        _profile = known ?? new ModelProfile
        {
            Model = name,
            FileBytes = bytes,
            Threads = plan.Threads,
            Compute = _basis.Compute,
            Rates = _basis.Rates,
        };
    }

    /// <summary>What the predictions are made with.</summary>
    public SpeedOutlook Outlook { get; }

    /// <summary>Scores kept so far, the oldest first.</summary>
    public IReadOnlyList<RunScore> Scores
    {
        get
        {
            lock (_lock)
            {
                return _profile.Scores;
            }
        }
    }

    /// <summary>What predictions stand on now.</summary>
    public SpeedBasis Basis
    {
        get
        {
            lock (_lock)
            {
                return _basis;
            }
        }
    }

    /// <summary>Predicted tokens per second of the next generation; null while arithmetic is an assumption.</summary>
    public double? Predicted => Basis is { Source: not SpeedSource.Assumption } basis ? Outlook.Predict(basis).TokensPerSecond : null;

    /// <summary>Scores a generation and learns from it; null when it was too short, or nothing had been predicted.</summary>
    public RunScore? Add(RunResult result)
    {
        if (!SpeedOutlook.IsLongEnough(result) || result.DecodeSeconds <= 0)
        {
            return null;
        }

        double? predicted = Predicted;
        lock (_lock)
        {
            RunScore? score = predicted is { } rate
                ? new RunScore(DateTimeOffset.UtcNow, _plan.Sheet.BudgetBytes, rate, (result.GeneratedTokens - 1) / result.DecodeSeconds,
                result.GeneratedTokens)
                : null;
            Learn(Outlook.Learn(result, _basis), score);
            return score;
        }
    }

    /// <summary>What the tuner found best in an earlier process under this budget; null = nothing is known.</summary>
    public TunerSetting? Tuned
    {
        get
        {
            lock (_lock)
            {
                return _profile.Tuned is { } tuned && tuned.BudgetBytes == _plan.Sheet.BudgetBytes
                    ? new TunerSetting(tuned.Depth, tuned.Reads) : null;
            }
        }
    }

    /// <summary>Has an engine's tuner begin with that, if it is known; before its first run.</summary>
    public void StartTuning(Engine engine)
    {
        if (Tuned is { } learnt)
        {
            engine.StartTuningAt(learnt);
        }
    }

    /// <summary>Keeps what the tuner found best; null = it still tries, and what was kept stays.</summary>
    public void Add(TunerSetting? tuned)
    {
        lock (_lock)
        {
            if (tuned is { } found && Tuned != found)
            {
                _profile = _profile with { Tuned = new LearntSetting(_plan.Sheet.BudgetBytes, found.Depth, found.Reads) };
                _isDirty = true;
            }
        }
    }

    /// <summary>Takes measurements made for a plan in place of what was known.</summary>
    public void Add(SpeedBasis measured)
    {
        lock (_lock)
        {
            Learn(measured, null);
        }
    }

    /// <summary>Writes what is not in the file yet.</summary>
    public void Save()
    {
        lock (_lock)
        {
            if (_isDirty)
            {
                SpeedProfile.Write(_path, _profile);
                (_isDirty, _written) = (false, Stopwatch.GetTimestamp());
            }
        }
    }

    /// <summary>The curve on what is known now; made anew only when more is known.</summary>
    public KnownCurve Curve(CancellationToken ct)
    {
        SpeedBasis basis = Basis;
        KnownCurve? kept = Volatile.Read(ref _curve);
        if (kept is null || kept.Basis != basis)
        {
            kept = new KnownCurve(basis, Outlook.Curve(basis, ct));
            Volatile.Write(ref _curve, kept);
        }

        return kept;
    }

    private void Learn(SpeedBasis basis, RunScore? score)
    {
        _basis = basis;
        _profile = _profile with { Compute = basis.Compute, Rates = basis.Rates };
        _profile = score is null ? _profile : _profile.With(score);
        _isDirty = true;
        if (_written == 0 || Stopwatch.GetElapsedTime(_written) > s_leastPause)
        {
            Save();
        }
    }
}
