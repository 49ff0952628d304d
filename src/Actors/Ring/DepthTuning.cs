using System.Diagnostics;
using LayerStream.Actors.Tracing;
using LayerStream.Planning;
using LayerStream.Planning.Tuning;
using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>Shows decode passes to the tuner and carries out what it decides, on the compute thread between two passes. What it sets takes
/// effect as slots come free; it never has more of them than were allocated.</summary>
internal sealed class DepthTuning(TileRing ring, FlashReader reader, PassAccount account, ReaderShare share, PrefetchTuner? tuner)
{
    private const int MostRows = 16; // of a pass that counts: one of many rows computes differently

    private readonly Lock _lock = new();
    private long _began, _waited, _bytes;
    private double _busy;
    private int _full, _empty, _depth, _reads = share.Reads - share.Urgent;
    private TunerSetting? _settled;
    private bool _isPaused;
    private TunerDecision[] _decisions = [];
    private string _finding = tuner is null ? "depth and reads are fixed" : "no pass was seen yet";

    /// <summary>Decisions so far, the oldest first.</summary>
    internal IReadOnlyList<TunerDecision> Decisions
    {
        get
        {
            lock (_lock)
            {
                return _decisions;
            }
        }
    }

    /// <summary>What the last look at the passes came to.</summary>
    internal string Finding
    {
        get
        {
            lock (_lock)
            {
                return _finding;
            }
        }
    }

    /// <summary>What the tuner saw from its beginning on; null where there is none.</summary>
    internal DepthHistory? History => tuner?.History;

    /// <summary>Depth and reads in force.</summary>
    internal TunerSetting Setting => new(Math.Max(0, ring.WantedSlots - 1), Volatile.Read(ref _reads));

    /// <summary>Makes a tuner for a plan; null where nothing streams.</summary>
    internal static PrefetchTuner? Create(MemoryPlan memory, ReaderShare share)
    {
        if (memory.Slots < 2)
        {
            return null;
        }

        TunerLimits limits = new(memory.PrefetchDepth, Math.Max(1, share.Reads - share.Urgent)) { HeldBytes = memory.SlotBytes };
        return new PrefetchTuner(limits, limits.Start);
    }

    /// <summary>What the tuner has found best; null while it tries, or where there is none.</summary>
    internal TunerSetting? Settled
    {
        get
        {
            lock (_lock)
            {
                return _settled;
            }
        }
    }

    /// <summary>Has the tuner begin with what was learnt; before the first run.</summary>
    internal void StartAt(TunerSetting learnt)
    {
        if (tuner is null)
        {
            return;
        }

        tuner.StartAt(learnt);
        Apply(tuner.Setting);
        lock (_lock)
        {
            _finding = tuner.Finding;
        }
    }

    /// <summary>Sets what the tuner holds best; before the first run, and when somebody else has set something for a while.</summary>
    internal void Resume()
    {
        _isPaused = false;
        if (tuner is not null)
        {
            Apply(tuner.Setting);
        }
    }

    /// <summary>Somebody else sets reads from here on.</summary>
    internal void Pause() => _isPaused = true;

    /// <summary>Compute comes for a tile while so many lie ready.</summary>
    internal void Coming(int ready)
    {
        _full += ready >= _depth ? 1 : 0;
        _empty += ready == 0 ? 1 : 0;
    }

    internal void BeginPass()
    {
        if (tuner is not null)
        {
            (_busy, _bytes) = reader.Activity.Snapshot();
            (_began, _waited, _full, _empty) = (Stopwatch.GetTimestamp(), Waited(), 0, 0);
        }
    }

    internal void EndPass(int rows)
    {
        if (tuner is null || _isPaused || rows > MostRows)
        {
            return;
        }

        (double busy, long bytes) = reader.Activity.Snapshot();
        TunedPass pass = new(Stopwatch.GetElapsedTime(_began).TotalSeconds, (double)(Waited() - _waited) / Stopwatch.Frequency,
            busy - _busy, bytes - _bytes, _full, _empty);
        TunerDecision? decision = tuner.Observe(pass);
        if (decision is not null)
        {
            Apply(decision.Setting);
        }

        lock (_lock)
        {
            _finding = tuner.Finding;
            _settled = tuner.IsSettled ? tuner.Setting : null;
            _decisions = decision is null ? _decisions : [.. tuner.Decisions];
        }
    }

    private void Apply(TunerSetting setting)
    {
        _depth = setting.Depth;
        Volatile.Write(ref _reads, setting.Reads);
        ring.WantedSlots = setting.Depth + 1;
        reader.Limit(setting.Reads + share.Urgent, share.Urgent);
    }

    private long Waited() => account.WaitTicks[(int)StallReason.DiskPrefetchLate] + account.WaitTicks[(int)StallReason.BudgetEvict];
}
