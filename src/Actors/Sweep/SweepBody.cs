using System.Diagnostics;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;
using LayerStream.Planning.Batches;
using LayerStream.Storage;

namespace LayerStream.Actors.Sweep;

/// <summary>
/// Passes over the model on the compute thread, as long as a sequence has rows: at each border the planner chooses the rows, sequences
/// that end leave, and others take their seats. Prefetch hears of a pass before the one in front of it begins.
/// </summary>
internal sealed class SweepBody
{
    private readonly SweepQueue _queue;
    private readonly KeptStates? _states;
    private readonly List<SequenceRun> _active = []; // in the order of their coming
    private readonly PassChoice _choice;
    private readonly TokenDraws _draws;
    private readonly int[] _logitRows, _kept;
    private readonly PassPace _pace;
    private readonly Action _between;
    private readonly Func<int> _missingPages;
    private ComputeSession _session = null!;
    private long _border; // when the last pass ended, in Stopwatch ticks; 0 = this is the first

    /// <param name="queue">Who waits.</param>
    /// <param name="seats">States for sequences.</param>
    /// <param name="batch">Most rows of a pass.</param>
    /// <param name="pace">How many of them prompts may take beside others.</param>
    /// <param name="reader">Whose time counts as loading.</param>
    /// <param name="throwIfChanged">Called before a token leaves.</param>
    /// <param name="states">Keeps states beyond the seats, or null.</param>
    internal SweepBody(
        SweepQueue queue, int seats, int batch, PassPace pace, FlashReader reader, Action throwIfChanged, KeptStates? states)
    {
        (_queue, _pace, _states, _between) = (queue, pace, states, DropCancelled);
        (_choice, _draws) = (new PassChoice(queue, seats, pace), new TokenDraws(reader, throwIfChanged));
        (_logitRows, _kept) = (new int[batch], new int[batch]);
        _missingPages = MissingPages;
    }

    internal void Execute(ComputeSession session)
    {
        (_session, _border) = (session, 0);
        try
        {
            do
            {
                Join();
                if (!PlanPass())
                {
                    // Who cannot take part in the pass that prefetch knows of has the next run.
                    _active.ForEach(Keep);
                    return;
                }

                RunPass();
            }
            while (Leave());
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for any of them any more, or the engine ends the run and says why.
            foreach (SequenceRun run in _active)
            {
                run.EndCancelled();
                Keep(run);
                run.RecordEnd(_session);
            }
        }
        catch
        {
            _active.ForEach(run => run.Seat.Forget());
            throw;
        }
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    /// <summary>Seats who waits.</summary>
    private void Join()
    {
        for (SequenceRun? run = _queue.Seat(_active.Count); run is not null; run = _queue.Seat(_active.Count))
        {
            long seated = Stopwatch.GetTimestamp();
            _active.Add(run);
            if (Fill(run))
            {
                run.FirstPass = _session.Pass;
                run.Figures.Begin(_session, _draws.LoadSeconds, seated);
            }

            run.BeginDrafts(_session.Drafts);
            if (run.Request.Routes is { } routes && _session.Spec.ExpertBanks.Count > 0)
            {
                _session.Record(new RouteRecorder(_session.Spec, _session.Batch, run.Request.Prompt.Count, routes));
            }
        }
    }

    /// <summary>It begins behind what others have of its tokens, or a folder.</summary>
    /// <returns>Whether it is there for the first time.</returns>
    private bool Fill(SequenceRun run)
    {
        if (run.Scope is { } scope)
        {
            StateCopies.Fill(run, scope, _session.Seats, _active, _queue);
            _states?.Fill(run.Seat, scope, run.History, pages => _queue.TryMakeRoom(pages));
        }

        return run.Begin();
    }

    /// <summary>Those whose leader has left take over what it left. Who has tokens of its own goes on behind them: their pages may still
    /// be copied to a folder.</summary>
    private void EndLeads()
    {
        foreach (SequenceRun run in _active)
        {
            bool hasOwn = run.Done > 0 && !run.Lead.IsAhead;
            if (run.Lead.Leader is { } leader && (hasOwn || leader.HasEnded || !_active.Contains(leader)))
            {
                run.Lead.StayBehind();
                run.EndFollowing();
                _ = hasOwn || Fill(run);
            }
        }
    }

    /// <summary>Chooses the rows and tells prefetch of this pass and the next one; false when there is nothing to compute.</summary>
    private bool PlanPass()
    {
        EndLeads();
        _active.ForEach(run => run.Propose());
        bool hasRows = _choice.Plan(_session, _active);
        while (hasRows && !_queue.MakeRoom(_missingPages))
        {
            if (_active.Count(run => run.Drafts.Drop()) == 0)
            {
                Park(Youngest());
                EndLeads();
            }

            hasRows = _choice.Plan(_session, _active);
        }

        if (hasRows)
        {
            _choice.Announce(_session, _active);
        }

        return hasRows;
    }

    private int MissingPages()
    {
        int missing = 0;
        foreach (SequenceRun run in _active)
        {
            missing += run.MissingPages;
        }

        return missing;
    }

    private SequenceRun Youngest() => _active.Count > 1 ? _active.MaxBy(run => (run.Request.IsBackground, run.AcceptedTicks))!
        : throw new InvalidOperationException("there are fewer pages than one sequence may take");

    /// <summary>Pages have run out: the youngest sequence gives its own up, the last one first. When there are pages again it reads those
    /// of its tokens that nothing is kept of.</summary>
    private void Park(SequenceRun run)
    {
        Keep(run);
        _active.Remove(run);
        if (!_queue.Park(run))
        {
            run.EndCancelled();
            run.RecordEnd(_session);
            _queue.Leave(run, SequenceFigures.Take(_session, _draws.LoadSeconds));
        }
    }

    private void RunPass()
    {
        _session.Run.Cancelled.ThrowIfCancellationRequested();
        long began = Stopwatch.GetTimestamp(), start = _border > 0 ? _border : began;
        long compute = _session.Account.ComputeTicks;
        _session.BeginPass();
        _session.Account.EndWait(start, -1, StallReason.Scheduler); // rows were chosen meanwhile, and the pass was begun

        int count = 0;
        bool isPrompt = true;
        foreach (SequenceRun run in _active)
        {
            if (run.Rows > 0)
            {
                run.Seat.BeginPass();
                run.Seat.State.Tries = run.HasDrafts && run.Seat.State.IsRecurrent;
            }

            for (int r = 0; r < run.Rows; r++)
            {
                _session.Place(count++, run.Seat.Index, run.Token(r), run.Done + r,
                    r == 0 && run.Lead.IsAhead ? run.Lead.Leader!.Seat.State : null);
            }

            isPrompt &= run.Rows == 0 || run.IsReading;
        }

        _session.RunLayers(count, _between);
        RunHead();
        _session.EndPass(count);
        _pace.Observe(count, Seconds(_session.Account.ComputeTicks - compute), Seconds(Stopwatch.GetTimestamp() - began));
        if (_active.Count == 1)
        {
            _session.RecordRoutes(_active[0].Rows, _active[0].Done);
        }

        int sequence = _active.Count == 1 ? _active[0].Seat.Index + 1 : 0;
        if (isPrompt)
        {
            _session.Record(TraceKind.Prompt, start, _session.Pass - 1, count, sequence);
        }

        _draws.Draw(_session, _active, count, _active.Exists(r => r.Rows > 0 && r.IsReading) ? 0 : start);
        _border = Stopwatch.GetTimestamp();
        if (!isPrompt)
        {
            _session.Record(TraceKind.Token, start, _session.Pass - 1, count, sequence, _border);
        }
    }

    private void RunHead()
    {
        if (!_choice.IsWithHead)
        {
            return;
        }

        int wanted = 0;
        foreach (SequenceRun run in _active)
        {
            for (int r = run.Rows - run.LogitCount; r < run.Rows; r++)
            {
                _logitRows[wanted++] = run.FirstRow + r;
            }
        }

        _session.RunHead(_logitRows.AsSpan(0, wanted));
    }

    /// <summary>Between two layers.</summary>
    private void DropCancelled()
    {
        if (CancelledRows.Drop(_active, _kept) is > 0 and int count)
        {
            _session.Keep(_kept.AsSpan(0, count));
        }
    }

    /// <summary>Those that have ended leave. The last of a run stay until the ring is settled, so that nothing of it is left when they hear
    /// of it.</summary>
    /// <returns>Whether the run goes on.</returns>
    private bool Leave()
    {
        foreach (SequenceRun run in _active)
        {
            if (run.HasEnded)
            {
                Keep(run);
                run.RecordEnd(_session);
            }
        }

        if (_active.TrueForAll(r => r.HasEnded) && _queue.NextTokens is null)
        {
            return false;
        }

        foreach (SequenceRun run in _active)
        {
            if (run.HasEnded)
            {
                _queue.Leave(run, SequenceFigures.Take(_session, _draws.LoadSeconds));
            }
        }

        _active.RemoveAll(r => r.HasEnded);
        return true;
    }

    /// <summary>What a sequence leaves in its state may serve another; what failed does not.</summary>
    private void Keep(SequenceRun run)
    {
        run.Lead.StayBehind(); // the pass was torn, or never made
        if (run.Failure is null && run.Scope is { } scope)
        {
            run.Seat.Keep(scope, [.. run.History.Take(run.Done)]);
            _states?.Add(run.Seat);
        }
        else
        {
            run.Seat.Forget();
        }
    }
}
