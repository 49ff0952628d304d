using LayerStream.Actors.Run;
using LayerStream.Planning.Batches;

namespace LayerStream.Actors.Sweep;

/// <summary>Asks the planner for the rows of a pass, and tells prefetch of each pass before the one in front of it begins.</summary>
/// <param name="queue">Who waits.</param>
/// <param name="seats">Most sequences.</param>
/// <param name="pace">How many rows prompts may take beside others.</param>
internal sealed class PassChoice(SweepQueue queue, int seats, PassPace pace)
{
    private readonly SequenceDemand[] _demands = new SequenceDemand[seats], _behind = new SequenceDemand[seats];
    private readonly int[] _rows = new int[seats], _rowsBehind = new int[seats], _nextRows = new int[seats];
    private bool _needsHead; // of the pass that is planned, where prefetch knows of none
    private bool? _announced; // whether the pass that prefetch knows of ends with the head; null = it knows of none

    /// <summary>Whether the pass ends with the head.</summary>
    internal bool IsWithHead { get; private set; }

    /// <summary>Gives each sequence its rows; false when there is nothing to compute.</summary>
    internal bool Plan(ComputeSession session, List<SequenceRun> active)
    {
        int count = active.Count, row = 0;
        PassLimits limits = Limits(session);
        for (int i = 0; i < count; i++)
        {
            active[i].Lead.StayBehind();
            _demands[i] = active[i].Lead.Leader is null ? active[i].Demand : default;
        }

        _needsHead = BatchPlanner.Plan(_demands.AsSpan(0, count), limits, _rows);
        for (int i = 0; i < count; i++)
        {
            active[i].Rows = _rows[i];
        }

        _needsHead |= PlanBehind(active, limits);
        IsWithHead = _announced ?? _needsHead;
        for (int i = 0; i < count; i++)
        {
            SequenceRun run = active[i];
            (run.FirstRow, run.Rows, run.WantsLogits) = (row, _rows[i],
                IsWithHead && _rows[i] > 0 && (!_demands[i].IsPrompt || _rows[i] == _demands[i].Rows));
            row += _rows[i];
        }

        return row > 0;
    }

    /// <summary>Tells prefetch of the pass that was planned, if it knows of none, and of the one behind it, if there is one.</summary>
    internal void Announce(ComputeSession session, List<SequenceRun> active)
    {
        if (_announced is null)
        {
            session.Announce(_needsHead);
        }

        _announced = NextHead(session, active);
        if (_announced is { } next)
        {
            session.Announce(next);
        }
    }

    /// <summary>What is left goes to those who go on behind rows of others in the same pass.</summary>
    /// <returns>Whether one of them comes to its last row.</returns>
    private bool PlanBehind(List<SequenceRun> active, PassLimits limits)
    {
        int count = active.Count, left = limits.Rows, prompts = limits.PromptRowsBeside, logits = limits.LogitRows;
        bool isDecoding = false, isAny = false;
        for (int i = 0; i < count; i++)
        {
            SequenceDemand demand = _demands[i];
            left -= _rows[i];
            prompts -= demand.IsPrompt ? _rows[i] : 0;
            logits -= !demand.IsPrompt ? _rows[i] : _rows[i] == demand.Rows ? 1 : 0;
            isDecoding |= !demand.IsPrompt && _rows[i] > 0;
            bool isReached = active[i].Lead.IsReached && !active[i].HasEnded;
            if (isReached)
            {
                active[i].Lead.GoAhead();
            }

            _behind[i] = isReached ? active[i].Demand : default;
            isAny |= isReached;
        }

        if (!isAny)
        {
            return false;
        }

        bool needsHead = BatchPlanner.Plan(_behind.AsSpan(0, count),
            limits with { Rows = Math.Max(0, isDecoding ? Math.Min(left, prompts) : left), LogitRows = logits }, _rowsBehind);
        for (int i = 0; i < count; i++)
        {
            if (_rowsBehind[i] > 0)
            {
                (_rows[i], _demands[i]) = (_rowsBehind[i], _behind[i]);
            }
            else
            {
                active[i].Lead.StayBehind();
            }
        }

        return needsHead;
    }

    private PassLimits Limits(ComputeSession session) => new(session.Batch, session.LogitRows, _announced ?? true, pace.PromptRows);

    /// <summary>Whether the pass behind this one will need the head, as far as is known; null if there may be none.</summary>
    private bool? NextHead(ComputeSession session, List<SequenceRun> active)
    {
        int count = active.Count;
        for (int i = 0; i < count; i++)
        {
            _demands[i] = active[i].NextDemand(_rows[i]);
        }

        bool needsHead = BatchPlanner.Plan(_demands.AsSpan(0, count), Limits(session) with { WithHead = true }, _nextRows);
        if (_nextRows.AsSpan(0, count).ContainsAnyExcept(0))
        {
            return needsHead;
        }

        // All of them end with this pass: whoever waits is next.
        return queue.NextTokens is { } tokens ? tokens <= session.Batch : null;
    }
}
