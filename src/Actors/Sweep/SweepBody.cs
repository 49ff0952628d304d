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
    private readonly FlashReader _reader;
    private readonly KeptStates? _states;
    private readonly StateCopies _copies = new();
    private readonly Action _throwIfChanged;
    private readonly List<SequenceRun> _active = []; // in the order of their coming
    private readonly SequenceDemand[] _demands;
    private readonly int[] _rows, _nextRows, _logitRows;
    private readonly PassPace _pace;
    private readonly Action _between;
    private readonly int[] _kept;
    private readonly Func<int, Span<float>> _logits;
    private int _firstLogit; // of the sequence that draws
    private int _passRows; // of the pass under way, of all sequences
    private ComputeSession _session = null!;
    private bool _isWithHead; // of the pass that is planned
    private long _border; // when the last pass ended, in Stopwatch ticks; 0 = this is the first
    private bool? _announced; // whether the pass that prefetch knows of ends with the head; null = it knows of none

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
        _states = states;
        (_queue, _pace, _reader, _throwIfChanged, _between) = (queue, pace, reader, throwIfChanged, DropCancelled);
        _demands = new SequenceDemand[seats];
        (_rows, _nextRows, _logitRows, _kept) = (new int[seats], new int[seats], new int[batch], new int[batch]);
        _logits = row => _session.Logits(_firstLogit + row);
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
                    return; // who cannot take part in the pass that prefetch knows of has the next run
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
                run.End("cancelled");
                run.Figures.Stop();
                Keep(run);
                run.RecordEnd(_session);
            }
        }
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    private double LoadSeconds => _reader.Activity.BusySeconds;

    /// <summary>Seats who waits.</summary>
    private void Join()
    {
        for (SequenceRun? run = _queue.Seat(_active.Count); run is not null; run = _queue.Seat(_active.Count))
        {
            _active.Add(run);
            run.FirstPass = _session.Pass;
            run.Figures.Begin(_session, LoadSeconds);
            if (run.Scope is { } scope)
            {
                _copies.Fill(run, scope, _session.Seats, _active);
                _states?.Fill(run.Seat, scope, run.Request.Prompt);
            }

            run.Done = run.Cached = run.Seat.Begin(run.Scope, run.Request.Prompt);
            run.BeginDrafts(_session.Drafts);
            if (run.Request.Routes is { } routes && _session.Spec.ExpertBanks.Count > 0)
            {
                _session.Record(new RouteRecorder(_session.Spec, _session.Batch, run.Request.Prompt.Count, routes));
            }
        }
    }

    /// <summary>Chooses the rows and tells prefetch of this pass and the next one; false when there is nothing to compute.</summary>
    private bool PlanPass()
    {
        int count = _active.Count;
        for (int i = 0; i < count; i++)
        {
            _active[i].Propose();
            _demands[i] = _active[i].Demand;
        }

        PassLimits limits = new(_session.Batch, _session.LogitRows, _announced ?? true, _pace.PromptRows);
        bool needsHead = BatchPlanner.Plan(_demands.AsSpan(0, count), limits, _rows);
        if (!_rows.AsSpan(0, count).ContainsAnyExcept(0))
        {
            return false;
        }

        if (_announced is null)
        {
            _session.Announce(needsHead);
            _announced = needsHead;
        }

        _isWithHead = _announced.Value;
        int row = 0;
        for (int i = 0; i < count; i++)
        {
            SequenceRun run = _active[i];
            (run.FirstRow, run.Rows, run.WantsLogits) = (row, _rows[i],
                _isWithHead && _rows[i] > 0 && (!_demands[i].IsPrompt || _rows[i] == _demands[i].Rows));
            row += _rows[i];
        }

        _announced = NextHead(count, limits);
        if (_announced is { } next)
        {
            _session.Announce(next);
        }

        return true;
    }

    /// <summary>Whether the pass behind this one will need the head, as far as is known; null if there may be none.</summary>
    private bool? NextHead(int count, in PassLimits limits)
    {
        for (int i = 0; i < count; i++)
        {
            _demands[i] = _active[i].NextDemand(_rows[i]);
        }

        bool needsHead = BatchPlanner.Plan(_demands.AsSpan(0, count), limits with { WithHead = true }, _nextRows);
        if (_nextRows.AsSpan(0, count).ContainsAnyExcept(0))
        {
            return needsHead;
        }

        // All of them end with this pass: whoever waits is next.
        return _queue.NextPromptTokens is { } tokens ? tokens <= limits.Rows : null;
    }

    private void RunPass()
    {
        _session.Run.Cancelled.ThrowIfCancellationRequested();
        long began = Stopwatch.GetTimestamp(), start = _border > 0 ? _border : began;
        long compute = _session.Account.ComputeTicks;
        _session.BeginPass();
        if (_border > 0)
        {
            _session.Account.EndWait(_border, -1, StallReason.Scheduler); // rows were chosen meanwhile
        }

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
                _session.Place(count++, run.Seat.Index, run.Token(r), run.Done + r);
            }

            isPrompt &= run.Rows == 0 || run.Generated.Count == 0;
        }

        _passRows = count;
        _session.RunLayers(count, _between);
        if (_isWithHead)
        {
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

        Finish(_active.Exists(r => r.Rows > 0 && r.Generated.Count == 0) ? 0 : Seconds(Stopwatch.GetTimestamp() - start));
        _border = Stopwatch.GetTimestamp();
        if (!isPrompt)
        {
            _session.Record(TraceKind.Token, start, _session.Pass - 1, count, sequence, _border);
        }
    }

    /// <summary>Between two layers.</summary>
    private void DropCancelled()
    {
        if (CancelledRows.Drop(_active, _kept) is > 0 and int count)
        {
            _session.Keep(_kept.AsSpan(0, count));
        }
    }

    /// <summary>Draws the tokens of the pass; what one sequence fails at does not touch the others.</summary>
    /// <param name="seconds">What the pass took; 0 where prompts had a part in it, so that it tells nothing of drafts.</param>
    private void Finish(double seconds)
    {
        long begin = Stopwatch.GetTimestamp();
        int logits = 0;
        foreach (SequenceRun run in _active)
        {
            if (run.Rows > 0)
            {
                run.Figures.Passes++;
                (_firstLogit, logits) = (logits, logits + run.LogitCount);
                int before = run.Generated.Count;
                FinishOne(run, seconds);
                if (run.LogitCount > 0)
                {
                    long end = Stopwatch.GetTimestamp();
                    _session.Record(TraceKind.Sample, begin, _session.Pass - 1, run.Generated.Count - before, run.Seat.Index + 1, end);
                    begin = end;
                }
            }

            if (run.IsCancelled && !run.HasEnded)
            {
                run.End("cancelled");
                run.Figures.Stop();
            }
        }
    }

    private void FinishOne(SequenceRun run, double seconds)
    {
        try
        {
            bool isPrompt = run.Generated.Count == 0, hasDrafts = run.HasDrafts;
            if (run.Seat.State.Fault is { } fault)
            {
                if (!hasDrafts)
                {
                    throw fault;
                }

                // It may be that of a guess: the pass counts for nothing, and is made again without any.
                run.Drafts.Stop();
                run.Seat.State.Restart();
                return;
            }

            if (isPrompt)
            {
                Advance(run, run.Rows);
                run.Figures.ReadPrompt(_session, LoadSeconds);
                run.Request.OnPrompt?.Invoke(run.Done, run.Request.Prompt.Count);
            }

            if (!run.WantsLogits)
            {
                return;
            }

            if (run.Most < 1)
            {
                run.EndWithoutToken();
            }
            else if (isPrompt)
            {
                run.Pick(_session.Logits(_firstLogit), _session.Spec.Vocabulary, _throwIfChanged);
            }
            else
            {
                TakeOver(run, run.PickAll(_logits, _session.Spec.Vocabulary, _throwIfChanged), seconds);
            }

            if (isPrompt)
            {
                run.Figures.EndPrompt(_session, LoadSeconds);
                run.Drafts.EndPrompt();
            }
            else
            {
                run.Figures.EndToken(_session, LoadSeconds, _passRows);
            }
        }
        catch (OperationCanceledException)
        {
            run.End("cancelled");
            run.Figures.Stop();
        }
        catch (Exception e)
        {
            run.Fail(e);
        }
    }

    private void TakeOver(SequenceRun run, int right, double seconds)
    {
        if (seconds > 0)
        {
            run.Drafts.Observe(run.Rows - 1, seconds);
        }

        if (run.Seat.State.Tries)
        {
            _session.TakeOver(run.Seat.Index, right);
        }

        Advance(run, right);
    }

    private static void Advance(SequenceRun run, int rows)
    {
        run.Seat.EndPass(run.Done, rows);
        run.Done += rows;
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

        if (_active.TrueForAll(r => r.HasEnded) && _queue.NextPromptTokens is null)
        {
            return false;
        }

        foreach (SequenceRun run in _active)
        {
            if (run.HasEnded)
            {
                _queue.Leave(run, SequenceFigures.Take(_session, LoadSeconds));
            }
        }

        _active.RemoveAll(r => r.HasEnded);
        return true;
    }

    /// <summary>What a sequence leaves in its state may serve another; what failed does not.</summary>
    private void Keep(SequenceRun run)
    {
        if (run.Failure is null && run.Scope is { } scope)
        {
            run.Seat.Keep(scope, [.. run.History.Take(run.Done)]);
            _states?.Add(run.Seat);
        }
    }
}
