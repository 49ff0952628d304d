using System.Diagnostics;
using LayerStream.Actors.Tracing;
using LayerStream.Kernels.Crew;
using LayerStream.Memory;
using LayerStream.Planning.Tuning;

namespace LayerStream.Actors.Ring;

/// <summary>Shows passes to the tuner of the crew and carries out what it decides, on the compute thread between two passes. Now and then
/// it reads what a quota of processor time gives.</summary>
internal sealed class CrewTuning : IDisposable
{
    private static readonly long s_quotaTicks = Stopwatch.Frequency; // between two looks at the quota

    private readonly ComputeCrew _crew;
    private readonly PassAccount _account;
    private readonly CrewTuner _tuner;
    private readonly ProcessorQuota _quota = ProcessorQuota.Open();
    private long _began, _waited, _queued, _heldUp, _quotaRead;
    private volatile CrewDecision[] _decisions = [];
    private volatile string _finding;

    internal CrewTuning(ComputeCrew crew, PassAccount account, CrewTuner tuner)
    {
        (_crew, _account, _tuner, _finding) = (crew, account, tuner, tuner.Finding);
        ReadQuota(Stopwatch.GetTimestamp());
    }

    /// <summary>Threads that take part in a pass now.</summary>
    internal int Members => _crew.Members;

    /// <summary>Decisions so far, the oldest first.</summary>
    internal IReadOnlyList<CrewDecision> Decisions => _decisions;

    /// <summary>What the last look at the passes came to.</summary>
    internal string Finding => _finding;

    internal void BeginPass()
    {
        _began = Stopwatch.GetTimestamp();
        (_waited, _queued, _heldUp) = (Waited(), _account.WaitTicks[(int)StallReason.Cpu], _crew.HeldUpTicks);
    }

    internal void EndPass(int rows)
    {
        static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;
        long now = Stopwatch.GetTimestamp();
        CrewPass pass = new(rows, Seconds(now - _began - (Waited() - _waited)), Seconds(_crew.HeldUpTicks - _heldUp),
            Seconds(_account.WaitTicks[(int)StallReason.Cpu] - _queued));
        Apply(_tuner.Observe(pass));
        if (now - _quotaRead > s_quotaTicks)
        {
            ReadQuota(now);
        }
    }

    public void Dispose() => _quota.Dispose();

    private void ReadQuota(long now)
    {
        _quotaRead = now;
        Apply(_tuner.Allow(ProcessorCores.WholeCores(_quota.Cores())));
    }

    private void Apply(CrewDecision? decision)
    {
        (_crew.Members, _crew.Spins) = (_tuner.Setting.Members, _tuner.Setting.Spins);
        _finding = _tuner.Finding;
        _decisions = decision is null ? _decisions : [.. _tuner.Decisions];
    }

    /// <summary>Ticks in which the compute thread had nothing to compute, or a collection stopped it.</summary>
    private long Waited()
    {
        long sum = -_account.WaitTicks[(int)StallReason.Cpu];
        foreach (long ticks in _account.WaitTicks)
        {
            sum += ticks;
        }

        return sum;
    }
}
