using System.Diagnostics;
using System.Threading.Channels;
using LayerStream.Actors.Tracing;
using LayerStream.Kernels.Crew;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Experts on their way: the demand channel, the arrivals, and the transient slots. One layer's experts are under way at a time. A read
/// in flight owns its slot; an expert is published when all its reads have ended, whatever their order.
/// </summary>
internal sealed class ExpertRing : IReadCompletion, IDisposable
{
    /// <summary>Name of the point at which <see cref="FaultHook"/> is called.</summary>
    internal const string CompletedPoint = "expert.completed";

    private const int Nobody = -1;
    private const int ReadAhead = -2; // holds a transient slot for a prediction

    private readonly ExpertPlan _plan;
    private readonly FlashReader _reader;
    private readonly ExpertReads _reads;
    private readonly TraceRing _trace;
    private readonly TileNames _names;
    private readonly Lock _completing = new();
    private readonly Request[] _requests;
    private readonly int[] _holder; // [transient slot] request it serves, or nobody
    private int _bank;
    private int _pass;
    private int _count;
    private int _waiting; // demands on their way to prefetch

    internal ExpertRing(ExpertPlan plan, FlashReader reader, IReadOnlyList<string> files, Channel<SpentTile> spent, TraceRing trace,
        TileNames names, BudgetSheet sheet)
    {
        (_plan, _reader, _trace, _names, Spent) = (plan, reader, trace, names, spent);
        (Slots, Cache, AllResident) = (new ExpertSlots(plan, sheet), new ExpertCache(plan), plan.AllResident);
        Moves = new ExpertMoves(Slots, spent);
        Found = (new long[plan.Layouts.Count], new long[plan.Layouts.Count]);
        _reads = new ExpertReads(plan, reader, files);
        int most = plan.Layouts.Select(l => l.Bank.Experts).DefaultIfEmpty(0).Max();
        _requests = new Request[most];
        _holder = new int[plan.TransientSlots];
        Array.Fill(_holder, Nobody);
        Predicted = new PredictedReads(this, _reads, reader, plan, trace, names);
        // Each has room for one more item, which wakes a loop that is to stop.
        Demand = Channel.CreateBounded<ExpertDemand>(most + 1);
        Loaded = Channel.CreateBounded<LoadedExpert>(most + 1);
        Free = Channel.CreateBounded<FreeSlot>(plan.TransientSlots + 1);
        for (int i = 0; i < plan.TransientSlots; i++)
        {
            TileRing.Write(Free, new FreeSlot(i));
        }
    }

    /// <summary>Experts of each bank that passes demanded: those that were in memory, and those that had to be read.</summary>
    internal (long[] Hits, long[] Misses) Found { get; }

    internal ExpertSlots Slots { get; }

    internal ExpertCache Cache { get; }

    /// <summary>Experts that have served in a transient slot and are to stay.</summary>
    internal ExpertMoves Moves { get; }

    /// <summary>Reads of experts that are not demanded yet.</summary>
    internal PredictedReads Predicted { get; }

    /// <summary>Whether a demand waits for its reads to be submitted, perhaps for a transient slot.</summary>
    internal bool DemandWaits => Volatile.Read(ref _waiting) > 0;

    /// <summary>Compute → Prefetch; holds one layer's experts.</summary>
    internal Channel<ExpertDemand> Demand { get; }

    /// <summary>Prefetch → Compute, in the order of arrival.</summary>
    internal Channel<LoadedExpert> Loaded { get; }

    /// <summary>Compute → Eviction: transient slots whose expert has served, on one way with the spent tiles.</summary>
    internal Channel<SpentTile> Spent { get; }

    /// <summary>Eviction → Prefetch: transient slots.</summary>
    internal Channel<FreeSlot> Free { get; }

    /// <summary>Wakes the compute thread when an expert has arrived.</summary>
    internal Gate Arrived { get; } = new();

    /// <summary>Every expert has been in its slot since the start.</summary>
    internal bool AllResident { get; }

    /// <summary>Whether there are experts that travel.</summary>
    internal bool Streams => _plan.Layouts.Count > 0 && !AllResident;

    /// <summary>How long reads took; the dense ring's, where there is one.</summary>
    internal LoadTimes Loads { get; init; } = new();

    /// <summary>Test hook: called when a read completes.</summary>
    internal Action<string>? FaultHook { get; set; }

    /// <summary>Bytes that settling found read for nothing, since the start.</summary>
    internal long WastedBytes { get; private set; }

    internal int TransientSlots => _holder.Length;

    internal int MostExperts => _requests.Length;

    internal int InFlight => _reader.InFlight;

    internal int Banks => _plan.Layouts.Count;

    /// <summary>Experts of a bank.</summary>
    internal int ExpertsOf(int bank) => _plan.Layouts[bank].Bank.Experts;

    /// <summary>Bytes of one expert of a bank.</summary>
    internal long ExpertBytesOf(int bank) => _plan.Layouts[bank].ExpertBytes;

    /// <summary>Number of an arrived expert as a tile.</summary>
    internal int TileOf(in LoadedExpert loaded) => _names.Expert(_bank, _requests[loaded.Request].Expert);

    /// <summary>Whether a spent tile is an expert, its slot a transient one.</summary>
    internal bool Owns(in SpentTile spent) => spent.Tile >= _names.FirstExpert;

    /// <summary>Compute: the requests of the layer before are done with, those of this bank begin.</summary>
    internal void BeginLayer(int bank, int pass)
    {
        Moves.All();
        Predicted.Stop();
        (_bank, _pass, _count) = (bank, pass, 0);
    }

    /// <summary>
    /// Compute: asks for an expert; <paramref name="slot"/> is its resident slot, or −1. With one, its reads are submitted at once: while
    /// the crew computes hits, another thread would have to wait for a core. Those that wait for a transient slot go through the channel.
    /// </summary>
    internal void Ask(int expert, int slot)
    {
        int request = _count++, transient = Nobody;
        _requests[request] = new Request
        {
            Expert = expert,
            Slot = slot,
            From = Nobody,
            Outstanding = _reads.Count(_bank, expert),
            Start = long.MaxValue
        };
        if (Predicted.Claim(_bank, expert, request))
        {
            return;
        }

        bool waits = Interlocked.Increment(ref _waiting) > 1;
        if (slot >= 0 || (!waits && TryTake(out transient)))
        {
            Submit(request, transient);
        }
        else
        {
            TileRing.Write(Demand, new ExpertDemand(request, slot));
        }
    }

    /// <summary>Compute or prefetch: starts the reads of a request in front of everything else.</summary>
    /// <param name="request">Its number.</param>
    /// <param name="transient">The slot to use, if the request has none of its own.</param>
    internal void Submit(int request, int transient)
    {
        ref Request r = ref _requests[request];
        if (r.Slot < 0)
        {
            (_holder[transient], r.Slot) = (request, ~transient);
        }

        nint address = Address(r);
        long now = Stopwatch.GetTimestamp();
        _trace.Add(new TraceEvent
        {
            Kind = TraceKind.LoadSubmit,
            StartTicks = now,
            EndTicks = now,
            Tile = _names.Expert(_bank, r.Expert),
            Pass = _pass,
            Lane = Lane(r),
            Bytes = ExpertBytes
        });
        _reads.Submit(_bank, r.Expert, address, request, this, urgent: true);
        if (Interlocked.Decrement(ref _waiting) == 0)
        {
            Predicted.Feed();
        }
    }

    /// <summary>Any thread: a request's expert is in a transient slot, or failed to get there, by a read that was predicted.</summary>
    internal void Arrive(int request, int transient, FlashReadException? error)
    {
        ref Request r = ref _requests[request];
        (r.From, r.Error) = (transient, error);
        if (r.Slot < 0)
        {
            (_holder[transient], r.Slot, r.IsFilled) = (request, ~transient, error is null);
        }

        TileRing.Write(Loaded, new LoadedExpert(request));
        Arrived.Signal();
    }

    /// <summary>Takes a transient slot for a prediction, unless it were the last: that is left to demand.</summary>
    internal bool TryTakeAhead(out int transient)
    {
        transient = Nobody;
        if (Free.Reader.Count < 2 || !TryTake(out transient))
        {
            return false;
        }

        _holder[transient] = ReadAhead;
        return true;
    }

    /// <inheritdoc/>
    public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
    {
        FaultHook?.Invoke(CompletedPoint);
        ref Request r = ref _requests[tag];
        lock (_completing)
        {
            (r.Start, r.End) = (Math.Min(r.Start, startTicks), Math.Max(r.End, endTicks));
            r.Error ??= error;
            if (--r.Outstanding > 0)
            {
                return;
            }

            Loads.Add(LoadCause.Demand, r.Start, r.End);
            _trace.Add(new TraceEvent
            {
                Kind = TraceKind.Load,
                StartTicks = r.Start,
                EndTicks = r.End,
                Tile = _names.Expert(_bank, r.Expert),
                Pass = _pass,
                Lane = Lane(r),
                Bytes = ExpertBytes
            });
            r.IsFilled = r.Error is null;
            TileRing.Write(Loaded, new LoadedExpert((int)tag));
        }

        Arrived.Signal();
    }

    /// <summary>Compute: the expert of an arrived request.</summary>
    /// <exception cref="FlashReadException">Its reads failed; names the tensor, the expert and the offset.</exception>
    internal ExpertLease Lease(in LoadedExpert loaded)
    {
        ref Request r = ref _requests[loaded.Request];
        if (r.Error is { } error)
        {
            throw _reads.Named(error, _bank);
        }

        bool isKept = r.From >= 0 && r.Slot >= 0;
        r.IsFilled |= isKept;
        return Slots.Lease(_bank, r.Expert, r.Slot,
            isKept ? Moves.Keep(_bank, r.Slot, new SpentTile(r.From, _names.Expert(_bank, r.Expert), _pass)) : Address(r));
    }

    /// <summary>Eviction: a transient slot is free again.</summary>
    internal void Return(int transient)
    {
        Vacate(transient);
        Predicted.Feed();
    }

    /// <summary>Frees a transient slot, for instance one whose prediction was wrong.</summary>
    internal void Vacate(int transient)
    {
        if (_holder[transient] == Nobody)
        {
            throw new InvalidOperationException($"transient slot {transient} was returned twice");
        }

        _holder[transient] = Nobody;
        TileRing.Write(Free, new FreeSlot(transient));
    }

    /// <summary>Prefetch: the slot it had got for a demand that it will not serve.</summary>
    internal void GiveBack(ExpertDemand demand, FreeSlot transient)
    {
        if (demand.Slot < 0 && transient.Slot >= 0)
        {
            TileRing.Write(Free, transient);
        }
    }

    /// <summary>Wakes a prefetch loop that is to stop, wherever it waits.</summary>
    internal void Wake()
    {
        Demand.Writer.TryWrite(new ExpertDemand(-1, -1));
        Free.Writer.TryWrite(new FreeSlot(-1));
    }

    /// <summary>
    /// Eviction, when no loop runs and no read is in flight: takes back what a failed or cancelled pass left behind. Experts whose read
    /// ended stay in their resident slots; those that were never filled lose them. Gives the bytes that were read for nothing.
    /// </summary>
    internal long Settle()
    {
        while (Demand.Reader.TryRead(out _))
        {
        }

        Moves.Settle();
        _waiting = 0;
        long wasted = Predicted.Settle();
        while (Loaded.Reader.TryRead(out LoadedExpert loaded))
        {
            wasted += _requests[loaded.Request].Slot < 0 ? ExpertBytes : 0;
        }

        for (int i = 0; i < _count; i++)
        {
            if (_requests[i] is { Slot: >= 0, IsFilled: false } lost)
            {
                Cache.Drop(_bank, lost.Expert);
            }
        }

        _count = 0;
        bool[] isHome = new bool[_holder.Length];
        while (Free.Reader.TryRead(out FreeSlot free))
        {
            if (free.Slot >= 0)
            {
                isHome[free.Slot] = true;
            }
        }

        for (int i = 0; i < _holder.Length; i++)
        {
            // A slot that is neither home nor held is lost; the engine counts them and says so.
            if (isHome[i] || _holder[i] != Nobody)
            {
                _holder[i] = Nobody;
                TileRing.Write(Free, new FreeSlot(i));
            }
        }

        WastedBytes += wasted;
        return wasted;
    }

    /// <summary>Brings every transient slot home, wherever a failure left it; only when no loop runs and no read is in flight.</summary>
    internal void Restore()
    {
        Array.Fill(_holder, ReadAhead);
        Settle();
    }

    public void Dispose() => Slots.Dispose();

    private bool TryTake(out int transient)
    {
        transient = Nobody;
        if (!Free.Reader.TryRead(out FreeSlot free))
        {
            return false;
        }

        if (free.Slot < 0)
        {
            TileRing.Write(Free, free); // meant to wake the loop that is to stop
            return false;
        }

        transient = free.Slot;
        return true;
    }

    private int ExpertBytes => (int)Math.Min(int.MaxValue, _plan.Layouts[_bank].ExpertBytes);

    // Transient slots first, so that the lanes of a trace are few where most experts pass through.
    private int Lane(in Request r) => r.Slot < 0 ? ~r.Slot : _holder.Length + r.Slot;

    private nint Address(in Request r) => r.Slot < 0 ? Slots.Transient(_bank, ~r.Slot) : Slots.Resident(_bank, r.Slot);

    private struct Request
    {
        public int Expert;
        public int Slot; // resident, or −1 until it has a transient one, then ~transient
        public int From; // transient slot into which it was read ahead, or −1
        public int Outstanding;
        public long Start;
        public long End;
        public FlashReadException? Error;
        public bool IsFilled;
    }
}
