using System.Diagnostics;
using LayerStream.Planning;
using LayerStream.Planning.Tuning;
using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>Shows decode passes to the tuner of transient slots, on the compute thread between two passes. What it sets holds for the next
/// prediction; predictions never have more slots than were allocated.</summary>
internal sealed class TransientTuning(ExpertRing ring, FlashReader reader, DepthTuning depth, TransientTuner? tuner)
{
    private const int MostRows = 16; // of a pass that counts: one of many rows demands and computes differently

    private long _began, _refusals;
    private double _busy;
    private volatile TunerDecision[] _decisions = [];
    private volatile string? _finding = tuner?.Finding;

    /// <summary>Slots that predictions may fill.</summary>
    internal int Slots => tuner?.Slots ?? Math.Max(0, ring.TransientSlots - 1);

    /// <summary>Decisions so far, the oldest first.</summary>
    internal IReadOnlyList<TunerDecision> Decisions => _decisions;

    /// <summary>What the last look at the passes came to; null where nothing is tuned.</summary>
    internal string? Finding => _finding;

    /// <summary>What the tuner saw from its beginning on; null where there is none.</summary>
    internal TransientHistory? History => tuner?.History;

    /// <summary>Makes a tuner for a plan; null where there is nothing to choose.</summary>
    internal static TransientTuner? Create(ExpertPlan plan, PredictionMode prediction) =>
        plan.TransientSlots > 2 && prediction != PredictionMode.Off ? new TransientTuner(plan.TransientSlots - 1) : null;

    internal void BeginPass()
    {
        if (tuner is not null)
        {
            (_began, _busy, _refusals) = (Stopwatch.GetTimestamp(), reader.Activity.Snapshot().BusySeconds, ring.Predicted.Refusals);
        }
    }

    internal void EndPass(in PredictionPass pass, int rows)
    {
        if (tuner is null || rows > MostRows)
        {
            return;
        }

        AheadPass ahead = new(pass.WasPredicted, Stopwatch.GetElapsedTime(_began).TotalSeconds,
            (double)pass.WaitTicks / Stopwatch.Frequency, reader.Activity.Snapshot().BusySeconds - _busy, pass.NeededBytes,
            pass.UsefulBytes, pass.WastedBytes, ring.Predicted.Refusals - _refusals);
        TransientDecision? decision = tuner.Observe(ahead);
        _finding = tuner.Finding;
        if (decision is not null)
        {
            TunerSetting setting = depth.Setting;
            _decisions = [.. _decisions.TakeLast(tuner.Decisions.Count - 1), new TunerDecision(decision.Pass, setting, decision.Reason)];
        }
    }
}
