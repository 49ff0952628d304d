using System.Diagnostics;
using System.Threading.Channels;
using LayerStream.Actors.Tracing;
using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Memory;
using LayerStream.Models.Tiles;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Slots and the three bounded channels between the stages. Each channel holds all slots, so a write never waits: slots are
/// the throttle. Reads complete in any order; tiles are published in plan order.
/// </summary>
internal sealed class TileRing : IReadCompletion, IDisposable
{
    /// <summary>Name of the point at which <see cref="FaultHook"/> is called.</summary>
    internal const string CompletedPoint = "tile.completed";

    private readonly AlignedBuffer? _arena;
    private readonly FlashReader _reader;
    private readonly TraceRing _trace;
    private readonly TileMap _tiles;
    private readonly Pending[] _pending;
    private readonly Lock _publishing = new();
    private readonly int _slotBytes;
    private readonly Stack<int> _parked = new();
    private int _wantedSlots;
    private int _activeSlots;
    private long _submitted;
    private long _published;

    /// <param name="memory">Slots, tiles, and the slots of experts that share the way from compute to eviction.</param>
    /// <param name="reader">Reads into the slots.</param>
    /// <param name="trace">Records it.</param>
    /// <param name="sheet">Pays for the slots.</param>
    internal TileRing(MemoryPlan memory, FlashReader reader, TraceRing trace, BudgetSheet sheet)
    {
        int slots = memory.Slots, transients = memory.Experts.TransientSlots;
        (Slots, _slotBytes) = (slots, memory.SlotBytes);
        (_reader, _tiles, _trace) = (reader, memory.Tiles, trace);
        long own = (long)memory.OwnSlots * _slotBytes, reserve = ((long)slots * _slotBytes) - own;
        _arena = slots == 0 ? null : sheet.AllocateAcross(AccountNames.RingSlots, own, AccountNames.SlotReserve, reserve);
        _pending = new Pending[Math.Max(1, slots)];
        Free = Create<FreeSlot>(Math.Max(1, slots));
        Loaded = Create<LoadedTile>(Math.Max(1, slots));
        Spent = Create<SpentTile>(slots + transients + 1); // and an item that only wakes
        _activeSlots = _wantedSlots = slots;
        Held = new HeldTiles(this, memory);
        for (int i = 0; i < slots; i++)
        {
            Write(Free, new FreeSlot(i));
        }
    }

    internal int Slots { get; }

    /// <summary>Slots in use; a smaller depth parks the rest, or has them hold tiles.</summary>
    internal int ActiveSlots => Volatile.Read(ref _activeSlots);

    /// <summary>Tiles in slots that are not in use.</summary>
    internal HeldTiles Held { get; }

    /// <summary>Slots that are to be in use; the prefetch loop follows as they come free.</summary>
    internal int WantedSlots
    {
        get => Volatile.Read(ref _wantedSlots);
        set => Volatile.Write(ref _wantedSlots, Math.Clamp(value, Math.Min(2, Slots), Slots));
    }

    internal Channel<FreeSlot> Free { get; }

    internal Channel<LoadedTile> Loaded { get; }

    internal Channel<SpentTile> Spent { get; }

    /// <summary>Wakes the compute thread when a tile was published.</summary>
    internal Gate Arrived { get; } = new();

    internal int InFlight => _reader.InFlight;

    /// <summary>How long reads took.</summary>
    internal LoadTimes Loads { get; } = new();

    /// <summary>Where the time of prefetch and eviction went.</summary>
    internal StageTimes Times { get; } = new();

    /// <summary>What the loops wait for.</summary>
    internal WaitBoard Waits { get; } = new();

    /// <summary>Test hook: called when a read completes.</summary>
    internal Action<string>? FaultHook { get; set; }

    /// <summary>Writes to a channel that has room by construction.</summary>
    internal static void Write<T>(Channel<T> channel, T item)
    {
        if (!channel.Writer.TryWrite(item))
        {
            throw new InvalidOperationException($"a ring channel of {typeof(T).Name} is full: a slot was returned twice");
        }
    }

    /// <summary>Wakes an eviction loop that is to stop.</summary>
    internal void WakeEviction() => Spent.Writer.TryWrite(new SpentTile(-1, -1, -1));

    /// <summary>Takes slots out of use or back into it; only while no run is active.</summary>
    internal void SetActiveSlots(int count)
    {
        WantedSlots = count;
        count = WantedSlots;
        Held.Clear(_parked.Push);
        while (ActiveSlots > count && Free.Reader.TryRead(out FreeSlot free))
        {
            Park(free);
        }

        while (ActiveSlots < count)
        {
            Unpark(_parked.Pop());
        }
    }

    /// <summary>A free slot to read into, when there are as many in use as are wanted; only for the prefetch loop.</summary>
    internal async ValueTask<FreeSlot> TakeFreeAsync(CancellationToken stop)
    {
        while (ActiveSlots < WantedSlots && _parked.TryPop(out int parked))
        {
            Unpark(parked);
        }

        FreeSlot slot = await ReadFreeAsync(Free.Reader, stop);
        while (ActiveSlots > WantedSlots)
        {
            Park(slot);
            slot = await ReadFreeAsync(Free.Reader, stop);
        }

        return slot;
    }

    /// <summary>Takes the slot that compute has out of use, if there are as many as are wanted; only for the compute thread.</summary>
    internal bool TryTakeOut()
    {
        if (ActiveSlots < WantedSlots)
        {
            return false; // prefetch is to bring a parked one into use first: it must never be left without any
        }

        Interlocked.Decrement(ref _activeSlots);
        return true;
    }

    /// <summary>Brings a slot that was taken out back into use, by way of eviction; only for the compute thread.</summary>
    internal void BringBack(SpentTile spent)
    {
        Interlocked.Increment(ref _activeSlots);
        Write(Spent, spent);
    }

    /// <summary>A free slot of the ring or of the experts; the time without one counts as the loader's stall.</summary>
    internal async ValueTask<FreeSlot> ReadFreeAsync(ChannelReader<FreeSlot> free, CancellationToken stop)
    {
        if (free.TryRead(out FreeSlot slot))
        {
            return slot;
        }

        long begin = Stopwatch.GetTimestamp();
        try
        {
            return await free.ReadAsync(stop);
        }
        finally
        {
            Times.AddLoadStall(Stopwatch.GetTimestamp() - begin);
        }
    }

    /// <summary>Starts the read of a tile into a slot.</summary>
    internal void Submit(FreeSlot slot, in Tile tile, int pass)
    {
        long sequence = _submitted++;
        long now = Stopwatch.GetTimestamp();
        _pending[sequence % _pending.Length] = new Pending { Slot = slot.Slot, Tile = tile.Index, Pass = pass };
        _trace.Add(new TraceEvent
        {
            Kind = TraceKind.LoadSubmit,
            StartTicks = now,
            EndTicks = now,
            Tile = tile.Index,
            Pass = pass,
            Lane = slot.Slot,
            Bytes = (int)tile.Extent.Length
        });
        _reader.Submit(new ReadRequest(tile.Extent, AddressOf(slot.Slot), _slotBytes, sequence, this));
    }

    /// <inheritdoc/>
    public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
    {
        FaultHook?.Invoke(CompletedPoint);
        lock (_publishing)
        {
            ref Pending done = ref _pending[tag % _pending.Length];
            (done.Payload, done.Error, done.IsDone) = (payload, error, true);
            Extent extent = _tiles.Tiles[done.Tile].Extent;
            Loads.Add(LoadCause.Prefetch, startTicks, endTicks);
            _trace.Add(new TraceEvent
            {
                Kind = TraceKind.Load,
                StartTicks = startTicks,
                EndTicks = endTicks,
                Tile = done.Tile,
                Pass = done.Pass,
                Lane = done.Slot,
                Bytes = (int)extent.Length
            });
            while (_pending[_published % _pending.Length] is { IsDone: true } next)
            {
                _pending[_published % _pending.Length] = default;
                _published++;
                Write(Loaded, new LoadedTile(next.Slot, next.Tile, next.Pass, next.Payload, next.Error));
            }
        }

        Arrived.Signal();
    }

    /// <summary>Returns every published tile that no pass took; gives the bytes that were read in vain.</summary>
    internal long DrainLoaded()
    {
        long wasted = 0;
        while (Loaded.Reader.TryRead(out LoadedTile tile))
        {
            wasted += _tiles.Tiles[tile.Tile].Extent.Length;
            Write(Free, new FreeSlot(tile.Slot));
        }

        return wasted;
    }

    /// <summary>Brings every slot in use home, wherever a failure left it; only when no loop runs and no read is in flight.</summary>
    internal void Restore()
    {
        lock (_publishing)
        {
            Array.Clear(_pending);
            _published = _submitted;
        }

        while (Free.Reader.TryRead(out _) || Loaded.Reader.TryRead(out _) || Spent.Reader.TryRead(out _))
        {
        }

        Held.Clear(_parked.Push);

        for (int slot = 0; slot < Slots; slot++)
        {
            if (!_parked.Contains(slot))
            {
                Write(Free, new FreeSlot(slot));
            }
        }
    }

    /// <summary>Completes when no read is in flight: a slot with one belongs to the kernel.</summary>
    internal Task ReadsEndedAsync() => _reader.DrainAsync();

    public void Dispose() => _arena?.Dispose();

    /// <summary>A channel whose waiting loop goes on within the write: another thread would have to wait for a core first, while the disk
    /// has nothing to read.</summary>
    private static Channel<T> Create<T>(int capacity) =>
        Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { AllowSynchronousContinuations = true });

    private void Park(FreeSlot free)
    {
        _parked.Push(free.Slot);
        Interlocked.Decrement(ref _activeSlots);
    }

    private void Unpark(int slot)
    {
        Interlocked.Increment(ref _activeSlots);
        Write(Free, new FreeSlot(slot));
    }

    private nint AddressOf(int slot) => _arena!.Address + (nint)((long)slot * _slotBytes);

    private struct Pending
    {
        public int Slot;
        public int Tile;
        public int Pass;
        public nint Payload;
        public FlashReadException? Error;
        public bool IsDone;
    }
}
