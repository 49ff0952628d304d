using LayerStream.Actors.Run;

namespace LayerStream.Actors.Sweep;

/// <summary>
/// Sequences that wait and those that are seated. The first to come starts a run of the engine; others take free seats at the borders of
/// its passes, so that the ring keeps turning while anyone is there. Whatever fails a run fails those that were seated in it, and the
/// others have the next one.
/// </summary>
internal sealed class SweepQueue
{
    private readonly Lock _lock = new();
    private readonly LinkedList<SequenceRun> _waiting = [];
    private readonly List<SequenceRun> _seated = []; // not yet told of their end
    private readonly List<Seat> _free;
    private readonly PageAdmission _pages;
    private long _uses;
    private readonly Func<SequenceRun, SequenceFigures.Mark, long, RunResult> _result;
    private RunContext? _run;
    private Task _serving = Task.CompletedTask;
    private bool _isServing;
    private bool _isEnding; // the run takes nobody any more
    private bool _isClosed;

    /// <param name="seats">States for sequences.</param>
    /// <param name="pages">Who may join by the pages that there are.</param>
    /// <param name="result">Makes the result of a sequence: with the engine's sums at its end, and bytes read in vain.</param>
    internal SweepQueue(IReadOnlyList<Seat> seats, PageAdmission pages, Func<SequenceRun, SequenceFigures.Mark, long, RunResult> result)
    {
        (Seats, _free, _pages, _result) = (seats.Count, [.. seats], pages, result);
    }

    /// <summary>Hands a run to the engine; completes with its outcome.</summary>
    internal required Func<RunContext, Task> Submit { get; init; }

    /// <summary>The work of a run on the compute thread.</summary>
    internal required Func<SweepQueue, Action<ComputeSession>> Body { get; init; }

    /// <summary>Runs submitted to the engine, this queue's own among them: while another waits, nobody is seated in this one.</summary>
    internal required Func<int> Runs { get; init; }

    /// <summary>The engine's sums now.</summary>
    internal required Func<SequenceFigures.Mark> Sums { get; init; }

    internal int Seats { get; }

    /// <summary>Sequences seated.</summary>
    internal int Running
    {
        get
        {
            lock (_lock)
            {
                return _seated.Count;
            }
        }
    }

    /// <summary>Sequences that wait for a seat.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Who holds the pages of keys and values.</summary>
    internal PageCounts Pages()
    {
        lock (_lock)
        {
            return _pages.Count(_seated, _waiting);
        }
    }

    /// <summary>Tokens that the sequence must read which is seated next in the run under way, without those that are kept; null if nobody
    /// can be.</summary>
    internal int? NextTokens
    {
        get
        {
            lock (_lock)
            {
                return CanJoin() ? _waiting.First!.Value.TokensToRead(_free, _seated) : null;
            }
        }
    }

    /// <summary>Completes when a sequence has ended in every respect.</summary>
    internal async Task<RunResult> RunAsync(SequenceRun run, CancellationToken ct)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            AddWaiting(run);
        }

        using CancellationTokenRegistration cancel = ct.UnsafeRegister(_ => Cancel(run), null);
        lock (_lock)
        {
            if (!_isServing && _waiting.Count > 0)
            {
                _isServing = true;
                _serving = Task.Run(ServeAsync, CancellationToken.None);
            }
        }

        return await run.Outcome.Task;
    }

    /// <summary>On the compute thread: gives the next sequence a state, or null.</summary>
    /// <param name="active">Sequences that take part in the run already.</param>
    internal SequenceRun? Seat(int active)
    {
        lock (_lock)
        {
            if (active < _seated.Count)
            {
                return _seated[active]; // at the start of the run
            }

            return CanJoin() ? SeatFirst() : null;
        }
    }

    /// <summary>On the compute thread: a sequence has ended while the run goes on.</summary>
    internal void Leave(SequenceRun run, in SequenceFigures.Mark sums)
    {
        lock (_lock)
        {
            _seated.Remove(run);
            Free(run.Seat);
        }

        Complete(run, null, sums, 0);
    }

    /// <summary>On the compute thread: pages have run out, and a sequence waits again, in front of everyone else.</summary>
    /// <returns>False when nobody waits for it any more.</returns>
    internal bool Park(SequenceRun run)
    {
        lock (_lock)
        {
            if (run.IsCancelled)
            {
                return false;
            }

            run.Park();
            _seated.Remove(run);
            Free(run.Seat);
            _waiting.AddFirst(run);
            return true;
        }
    }

    /// <summary>On the compute thread: sees to pages for a pass, which sequences that have ended give up.</summary>
    /// <param name="pages">Pages wanted.</param>
    /// <returns>Whether they are free.</returns>
    internal bool MakeRoom(Func<int> pages)
    {
        if (_pages.Pool.Free >= pages())
        {
            return true;
        }

        lock (_lock)
        {
            return KeptSeats.Trim(_free, _pages.Pool, pages);
        }
    }

    /// <summary>As above, for what is to be put in place of reading; if there cannot be so many, nobody gives up any.</summary>
    /// <param name="pages">Pages wanted.</param>
    /// <param name="spared">A seat that keeps what it has, or null.</param>
    internal bool TryMakeRoom(int pages, Seat? spared = null)
    {
        if (_pages.Pool.Free >= pages)
        {
            return true;
        }

        lock (_lock)
        {
            return _pages.CanFree(pages, _seated) && KeptSeats.Trim(_free.Where(seat => seat != spared), _pages.Pool, () => pages);
        }
    }

    /// <summary>Cancels everybody; later ones are refused.</summary>
    internal void Close()
    {
        SequenceRun[] waiting;
        RunContext? run;
        lock (_lock)
        {
            _isClosed = _isEnding = true;
            waiting = [.. _waiting];
            _waiting.Clear();
            _seated.ForEach(r => r.Cancel());
            run = _run;
        }

        run?.Cancel();
        Array.ForEach(waiting, CompleteCancelled);
    }

    // In the order of coming, but those of the background behind all others.
    private void AddWaiting(SequenceRun run)
    {
        LinkedListNode<SequenceRun>? last = _waiting.Last;
        while (!run.Request.IsBackground && last is { Value.Request.IsBackground: true })
        {
            last = last.Previous;
        }

        if (last is null)
        {
            _waiting.AddFirst(run);
        }
        else
        {
            _waiting.AddAfter(last, run);
        }
    }

    /// <summary>Completes when nobody is served any more.</summary>
    internal Task EndedAsync()
    {
        lock (_lock)
        {
            return _serving;
        }
    }

    private void Cancel(SequenceRun run)
    {
        RunContext? ended = null;
        bool hasWaited;
        lock (_lock)
        {
            run.Cancel();
            hasWaited = _waiting.Remove(run);
            if (!hasWaited && _seated.TrueForAll(r => r.IsCancelled || r.HasEnded))
            {
                (_isEnding, ended) = (true, _run);
            }
        }

        ended?.Cancel();
        if (hasWaited)
        {
            CompleteCancelled(run);
        }
    }

    private async Task ServeAsync()
    {
        while (Begin() is { } run)
        {
            using (run)
            {
                Exception? failure = null;
                try
                {
                    await Submit(run);
                }
                catch (Exception e)
                {
                    failure = e;
                }

                Finish(failure, run.WastedBytes);
            }
        }
    }

    /// <summary>A run for those that wait, or null when nobody does: whoever comes later starts serving anew.</summary>
    private RunContext? Begin()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                _isServing = false;
                return null;
            }

            _isEnding = false;
            _run = new RunContext(Body(this), CancellationToken.None) { FaultHook = _waiting.First!.Value.FaultHook };
            do
            {
                SeatFirst();
            }
            while (CanJoin(isSubmitted: false));
            return _run;
        }
    }

    /// <summary>The run is over and the ring settled: those that are still seated hear of their end. One that had no pass yet waits
    /// again.</summary>
    private void Finish(Exception? failure, long wastedBytes)
    {
        SequenceRun[] last;
        lock (_lock)
        {
            _seated.ForEach(r => Free(r.Seat));
            bool WaitsAgain(SequenceRun r) => failure is null && !r.HasEnded && !_isClosed && r.SeatedPasses == 0;
            foreach (SequenceRun run in _seated.AsEnumerable().Reverse().Where(WaitsAgain))
            {
                _waiting.AddFirst(run);
            }

            last = [.. _seated.Where(r => !WaitsAgain(r))];
            _seated.Clear();
            _run = null;
        }

        foreach (SequenceRun run in last)
        {
            Complete(run, failure, Sums(), wastedBytes);
        }
    }

    private bool CanJoin(bool isSubmitted = true) =>
        !_isEnding && _free.Count > 0 && _waiting.First is { Value.IsAlone: false } && (_seated.Count == 0 || !_seated[0].IsAlone)
            && (!isSubmitted || Runs() == 1) && _pages.Admits(_waiting.First.Value, _seated);

    private SequenceRun SeatFirst()
    {
        SequenceRun run = _waiting.First!.Value;
        _waiting.RemoveFirst();
        run.Seat = Choose(run);
        _free.Remove(run.Seat);
        run.Follow(_seated);
        _seated.Add(run);
        return run;
    }

    private void Free(Seat seat)
    {
        seat.LastUse = ++_uses;
        _free.Add(seat);
    }

    /// <summary>The state that spares most, unless more of it would be lost than is spared; else the one that was used least
    /// recently.</summary>
    private Seat Choose(SequenceRun run)
    {
        (Seat? best, int most) = (null, 0);
        foreach (Seat seat in _free)
        {
            int spared = seat.ResumeAt(run.Scope, run.History);
            if (spared > most && spared > seat.KeptCount - spared)
            {
                (best, most) = (seat, spared);
            }
        }

        return best ?? _free.MinBy(s => s.LastUse)!;
    }

    private void CompleteCancelled(SequenceRun run)
    {
        run.EndCancelled();
        Complete(run, null, Sums(), 0);
    }

    private void Complete(SequenceRun run, Exception? failure, in SequenceFigures.Mark sums, long wastedBytes)
    {
        run.Drafts.End(run.History);
        Exception? unfinished = run.HasEnded || _isClosed ? null : new InvalidOperationException("a run ended in the middle of a sequence");
        if ((run.Failure ?? failure ?? unfinished) is { } error)
        {
            run.Outcome.TrySetException(error);
            return;
        }

        try
        {
            run.Outcome.TrySetResult(_result(run, sums, wastedBytes));
        }
        catch (Exception e)
        {
            run.Outcome.TrySetException(e);
        }
    }
}
