using System.Diagnostics;
using LayerStream.Actors.Tracing;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Reads of experts that a layer will probably demand, into transient slots that demand leaves free, behind all urgent reads. At the
/// layer's demand a predicted expert is claimed (what is still queued of it becomes urgent) and arrives like any other; what nobody
/// claims gives up its slot, at once unless a read into it is running. Nothing here decides what is kept or computed.
/// </summary>
internal sealed class PredictedReads(ExpertRing ring, ExpertReads reads, FlashReader reader, ExpertPlan plan, TraceRing trace,
    TileNames names) : IReadCompletion
{
    /// <summary>Name of the point at which the ring's hook is called.</summary>
    internal const string CompletedPoint = "prediction.completed";

    private const int Nobody = -1;
    private const long MostBytesAhead = 16 << 20; // in flight and not claimed: a wrong one costs demand no more than this

    private readonly Lock _lock = new();
    private readonly Entry[] _entries = new Entry[plan.TransientSlots];
    private readonly int[] _candidates = new int[plan.Layouts.Select(l => l.Bank.Experts).DefaultIfEmpty(0).Max()];
    private int _bank, _pass;
    private int _next;
    private int _count;
    private int _pieces; // reads in flight
    private long _bytesAhead;
    private long _wastedSettled;
    private long _useful, _wasted, _claims, _refusals;
    private int _most; // slots that the prediction may fill

    private enum State
    {
        None,
        Reading,
        Loaded,
        Abandoned, // a read is still running
    }

    /// <summary>Bytes of predicted experts that were demanded, since the engine started.</summary>
    internal long UsefulBytes => Interlocked.Read(ref _useful);

    /// <summary>Predicted experts that were demanded.</summary>
    internal long Claims => Interlocked.Read(ref _claims);

    /// <summary>Bytes of predicted reads that nobody demanded.</summary>
    internal long WastedBytes => Interlocked.Read(ref _wasted);

    /// <summary>How often a prediction found no slot that it might take.</summary>
    internal long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Whether there is a slot that predictions may take.</summary>
    internal bool HasRoom => _entries.Length > 1;

    /// <summary>
    /// Compute: predicts experts of a bank, in the order in which they are to be read. A second prediction for the same bank replaces the
    /// first:
    /// what both name stays, the rest of the first goes.
    /// </summary>
    /// <param name="queues">Begins behind the reads that run, as transient slots come free; without, only while the disk does nothing
    /// else.</param>
    /// <param name="most">Slots that predictions may fill.</param>
    internal void Begin(int bank, int pass, ReadOnlySpan<int> experts, bool queues, int most = int.MaxValue)
    {
        lock (_lock)
        {
            bool isIdle = reader.InFlight <= _pieces;
            int count = 0;
            foreach (int expert in experts)
            {
                int slot = Find(bank, expert);
                if (slot < 0)
                {
                    _candidates[count++] = expert;
                }
                else
                {
                    _entries[slot].IsKept = true;
                }
            }

            ReleaseUnclaimed();
            (_bank, _pass, _next, _count, _most) = (bank, pass, 0, queues || isIdle ? count : 0, most);
            FeedLocked();
        }
    }

    /// <summary>No further read begins until the next prediction.</summary>
    internal void Stop()
    {
        lock (_lock)
        {
            _next = _count = 0;
        }
    }

    /// <summary>Compute: hands a demanded expert over to its request, now or when its reads end; false when it was not predicted.</summary>
    internal bool Claim(int bank, int expert, int request)
    {
        lock (_lock)
        {
            int slot = Find(bank, expert);
            if (slot < 0 || _entries[slot].Error is not null)
            {
                return false; // a demand reads for itself what failed for a prediction
            }

            ref Entry e = ref _entries[slot];
            long bytes = plan.Layouts[bank].ExpertBytes;
            _useful += bytes;
            _claims++;
            if (e.State == State.Loaded)
            {
                e.State = State.None;
                ring.Arrive(request, slot, null);
            }
            else
            {
                e.Request = request;
                _bytesAhead -= bytes;
                reader.Promote(this, slot);
            }

            return true;
        }
    }

    /// <summary>Compute: the layer has demanded; what it did not claim goes.</summary>
    internal void Release()
    {
        lock (_lock)
        {
            ReleaseUnclaimed();
        }
    }

    /// <summary>Any thread: starts what may start; a slot or the disk may have come free.</summary>
    internal void Feed()
    {
        if (Volatile.Read(ref _next) < Volatile.Read(ref _count))
        {
            lock (_lock)
            {
                FeedLocked();
            }
        }
    }

    /// <inheritdoc/>
    public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
    {
        ring.FaultHook?.Invoke(CompletedPoint);
        lock (_lock)
        {
            _pieces--;
            ref Entry e = ref _entries[tag];
            (e.Start, e.End) = (Math.Min(e.Start, startTicks), Math.Max(e.End, endTicks));
            e.Error ??= error;
            if (--e.Outstanding == 0)
            {
                End((int)tag);
                FeedLocked();
            }
        }
    }

    /// <summary>Eviction, when no read is in flight: everything is forgotten; gives the bytes wasted since the last time.</summary>
    internal long Settle()
    {
        lock (_lock)
        {
            _next = _count = 0;
            for (int slot = 0; slot < _entries.Length; slot++)
            {
                if (_entries[slot].State != State.None)
                {
                    Waste(slot, plan.Layouts[_entries[slot].Bank].ExpertBytes);
                    _entries[slot] = default; // the ring takes the slot back
                }
            }

            (_pieces, _bytesAhead) = (0, 0);
            long wasted = _wasted - _wastedSettled;
            _wastedSettled = _wasted;
            return wasted;
        }
    }

    private void FeedLocked()
    {
        int room = _most - Filled();
        while (_next < _count && _bytesAhead < MostBytesAhead && !ring.DemandWaits)
        {
            if (room-- <= 0 || !ring.TryTakeAhead(out int slot))
            {
                _refusals++;
                return;
            }

            int expert = _candidates[_next++], count = reads.Count(_bank, expert);
            _entries[slot] = new Entry
            {
                Bank = _bank,
                Expert = expert,
                Pass = _pass,
                Request = Nobody,
                Pieces = count,
                Outstanding = count,
                State = State.Reading,
                Start = long.MaxValue
            };
            _pieces += count;
            _bytesAhead += plan.Layouts[_bank].ExpertBytes;
            long now = Stopwatch.GetTimestamp();
            Trace(TraceKind.LoadSubmit, slot, now, now, plan.Layouts[_bank].ExpertBytes);
            reads.Submit(_bank, expert, ring.Slots.Transient(_bank, slot), slot, this, urgent: false);
        }
    }

    /// <summary>Slots that hold what nobody has demanded.</summary>
    private int Filled()
    {
        int filled = 0;
        foreach (ref Entry e in _entries.AsSpan())
        {
            filled += e.State != State.None && e.Request == Nobody ? 1 : 0;
        }

        return filled;
    }

    /// <summary>All reads of a slot have ended.</summary>
    private void End(int slot)
    {
        ref Entry e = ref _entries[slot];
        long bytes = plan.Layouts[e.Bank].ExpertBytes;
        Trace(TraceKind.Load, slot, e.Start, e.End, bytes);
        ring.Loads.Add(LoadCause.Predicted, e.Start, e.End);
        _bytesAhead -= e.Request == Nobody ? bytes : 0;
        if (e.State == State.Abandoned)
        {
            Vacate(slot);
        }
        else if (e.Request == Nobody)
        {
            e.State = State.Loaded;
        }
        else
        {
            e.State = State.None;
            ring.Arrive(e.Request, slot, e.Error);
        }
    }

    private int Find(int bank, int expert)
    {
        for (int slot = 0; slot < _entries.Length; slot++)
        {
            ref Entry e = ref _entries[slot];
            if (e.Expert == expert && e.Bank == bank && e.State is State.Reading or State.Loaded && e.Request == Nobody)
            {
                return slot;
            }
        }

        return Nobody;
    }

    private void ReleaseUnclaimed()
    {
        for (int slot = 0; slot < _entries.Length; slot++)
        {
            ref Entry e = ref _entries[slot];
            long bytes = plan.Layouts[e.Bank].ExpertBytes;
            if (e.IsKept)
            {
                e.IsKept = false;
            }
            else if (e.State == State.Loaded)
            {
                Waste(slot, bytes);
                Vacate(slot);
            }
            else if (e.State == State.Reading && e.Request == Nobody)
            {
                int back = reader.Withdraw(this, slot);
                (_pieces, e.Outstanding) = (_pieces - back, e.Outstanding - back);
                Waste(slot, bytes * (e.Pieces - back) / e.Pieces);
                if (e.Outstanding > 0)
                {
                    e.State = State.Abandoned;
                    continue;
                }

                _bytesAhead -= bytes;
                Vacate(slot);
            }
        }
    }

    private void Waste(int slot, long bytes)
    {
        _wasted += bytes;
        long now = Stopwatch.GetTimestamp();
        Trace(TraceKind.Evict, slot, now, now, bytes);
    }

    private void Vacate(int slot)
    {
        _entries[slot] = default;
        ring.Vacate(slot);
    }

    private void Trace(TraceKind kind, int slot, long start, long end, long bytes)
    {
        ref Entry e = ref _entries[slot];
        trace.Add(new TraceEvent
        {
            Kind = kind,
            StartTicks = start,
            EndTicks = end,
            Tile = names.Expert(e.Bank, e.Expert),
            Pass = e.Pass,
            Lane = slot,
            Bytes = (int)Math.Min(int.MaxValue, bytes),
            IsPredicted = true,
        });
    }

    private struct Entry
    {
        public int Bank;
        public int Expert;
        public int Pass;
        public int Request;
        public int Pieces;
        public int Outstanding;
        public State State;
        public long Start;
        public long End;
        public FlashReadException? Error;
        public bool IsKept; // by the prediction that is being taken in
    }
}
