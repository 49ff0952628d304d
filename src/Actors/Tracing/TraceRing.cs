using System.Runtime.CompilerServices;

namespace LayerStream.Actors.Tracing;

/// <summary>
/// The always-on trace: a fixed array that keeps the newest events. <see cref="Add"/> takes no lock, allocates nothing and may be
/// called by any thread; <see cref="Snapshot"/> runs beside it and skips slots that are being written.
/// </summary>
public sealed class TraceRing
{
    private const long Busy = -1; // the stamp of a slot while it is written; otherwise ticket + 1, 0 = never used
    private readonly Slot[] _slots;
    private long _next;

    /// <summary>Makes a ring. Its bytes (<see cref="BytesFor"/>) belong in the budget.</summary>
    /// <param name="capacity">Events to keep, 1 … 2^24.</param>
    public TraceRing(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1 << 24);
        _slots = new Slot[capacity];
    }

    /// <summary>Whether events are left out instead of recorded.</summary>
    public bool IsOff { get; set; }

    /// <summary>Events the ring can hold.</summary>
    public int Capacity => _slots.Length;

    /// <summary>Events ever added.</summary>
    public long Added => Volatile.Read(ref _next);

    /// <summary>Events that are gone: overwritten by newer ones, or given up because the writer was a whole round too slow. Looks at every
    /// slot.</summary>
    public long Dropped
    {
        get
        {
            long added = Added, oldest = Math.Max(0, added - _slots.Length), kept = 0;
            for (int i = 0; i < _slots.Length; i++)
            {
                long stamp = Volatile.Read(ref _slots[i].Stamp);
                kept += stamp > oldest && stamp <= added ? 1 : 0;
            }

            return added - kept;
        }
    }

    /// <summary>Bytes of a ring of that capacity.</summary>
    public static long BytesFor(int capacity) => (long)capacity * Unsafe.SizeOf<Slot>();

    /// <summary>Adds an event, over the oldest one if the ring is full.</summary>
    public void Add(in TraceEvent e)
    {
        if (IsOff)
        {
            return;
        }

        long ticket = Interlocked.Increment(ref _next) - 1;
        ref Slot slot = ref _slots[ticket % _slots.Length];
        long seen = Volatile.Read(ref slot.Stamp);
        if (seen == Busy || seen > ticket || Interlocked.CompareExchange(ref slot.Stamp, Busy, seen) != seen)
        {
            return; // another writer has this slot: one of them is a round behind, and this event is lost
        }
        slot.Event = e;
        Volatile.Write(ref slot.Stamp, ticket + 1);
    }

    /// <summary>Copies the events that are complete, oldest first.</summary>
    public TraceEvent[] Snapshot()
    {
        long end = Added;
        long begin = Math.Max(0, end - _slots.Length);
        TraceEvent[] events = new TraceEvent[end - begin];
        int count = 0;
        for (long ticket = begin; ticket < end; ticket++)
        {
            count += TryCopy(ticket, out events[count]) ? 1 : 0;
        }

        return count == events.Length ? events : events[..count];
    }

    /// <summary>Copies events from a reader's place on, oldest first, and moves the place: for readers that follow a run. Takes no lock, so
    /// that no writer waits.</summary>
    /// <param name="place">Number of the first event wanted; afterwards of the next one.</param>
    /// <param name="into">Where the events go.</param>
    /// <param name="missed">Events that were overwritten before this reader came to them.</param>
    /// <returns>How many were copied; 0 = nothing new.</returns>
    public int Follow(ref long place, Span<TraceEvent> into, out long missed)
    {
        long end = Added, begin = Math.Max(place, end - _slots.Length);
        missed = begin - place;
        int count = 0;
        for (place = begin; place < end && count < into.Length; place++)
        {
            if (TryCopy(place, out into[count]))
            {
                count++;
            }
            else if (end - place < _slots.Length / 2 && Volatile.Read(ref _slots[place % _slots.Length].Stamp) <= place)
            {
                break; // its writer has the number but has not written yet: it comes next time
            }
            else
            {
                missed++;
            }
        }

        return count;
    }

    private bool TryCopy(long ticket, out TraceEvent copy)
    {
        ref Slot slot = ref _slots[ticket % _slots.Length];
        copy = default;
        if (Volatile.Read(ref slot.Stamp) != ticket + 1)
        {
            return false;
        }

        copy = slot.Event;
        Interlocked.MemoryBarrier(); // the copy must be done before the stamp is read again
        return Volatile.Read(ref slot.Stamp) == ticket + 1;
    }

    private struct Slot
    {
        public long Stamp;
        public TraceEvent Event;
    }
}
