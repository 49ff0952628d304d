using System.Diagnostics;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Storage;

/// <summary>
/// Measures reads as a run makes them: given extents through a <see cref="FlashReader"/>, over and over, as a run reads them anew for every
/// token. Where something below the file keeps what was read lately, a run profits from it, and so does the probe.
/// </summary>
public static class ReadProbe
{
    /// <summary>Reads extents in order, a fixed number of them ahead.</summary>
    /// <param name="device">Where to read.</param>
    /// <param name="extents">What; taken in turn until time is up.</param>
    /// <param name="depth">Reads submitted and not ended.</param>
    /// <param name="threads">Threads of the reader.</param>
    /// <param name="unmeasured">Time before the measurement begins, at most one turn.</param>
    /// <param name="measured">Time of the measurement.</param>
    /// <param name="account">Pays for the slots.</param>
    /// <exception cref="FlashReadException">A read failed for good.</exception>
    public static ReadRate Stream(IFlashDevice device, IReadOnlyList<Extent> extents, int depth, int threads, TimeSpan unmeasured,
        TimeSpan measured, BudgetAccount account)
    {
        ArgumentOutOfRangeException.ThrowIfZero(extents.Count);
        using Run run = new(device, depth, extents.Max(e => e.Length), threads, account);
        long begin = Stopwatch.GetTimestamp();
        int next = 0;
        for (; next < extents.Count && Stopwatch.GetElapsedTime(begin) < unmeasured; next++)
        {
            run.Submit(extents[next], urgent: false);
        }

        run.Begin();
        do
        {
            run.Submit(extents[next++ % extents.Count], urgent: false);
        }
        while (run.Elapsed < measured);
        return run.End();
    }

    /// <summary>Reads groups of extents: all of a group at once, the next group when they have ended.</summary>
    /// <param name="device">Where to read.</param>
    /// <param name="bursts">Groups; taken in turn until time is up. Empty ones are skipped.</param>
    /// <param name="threads">Threads of the reader.</param>
    /// <param name="unmeasured">Time before the measurement begins.</param>
    /// <param name="measured">Time of the measurement.</param>
    /// <param name="account">Pays for the slots.</param>
    /// <exception cref="FlashReadException">A read failed for good.</exception>
    public static ReadRate Bursts(IFlashDevice device, IReadOnlyList<Extent[]> bursts, int threads, TimeSpan unmeasured, TimeSpan measured,
        BudgetAccount account)
    {
        Extent[][] some = [.. bursts.Where(b => b.Length > 0)];
        ArgumentOutOfRangeException.ThrowIfZero(some.Length);
        using Run run = new(device, some.Max(b => b.Length), some.Max(b => b.Max(e => e.Length)), threads, account);
        long begin = Stopwatch.GetTimestamp();
        int next = 0;
        while (Stopwatch.GetElapsedTime(begin) < unmeasured)
        {
            run.Burst(some[next++ % some.Length]);
        }

        run.Begin();
        do
        {
            run.Burst(some[next++ % some.Length]);
        }
        while (run.Elapsed < measured);
        return run.End();
    }

    private sealed class Run : IReadCompletion, IDisposable
    {
        private readonly object _lock = new(); // monitor: the submitting thread waits on it
        private readonly AlignedBuffer _buffers;
        private readonly FlashReader _reader;
        private readonly Stack<int> _free = new();
        private readonly long _slotBytes;
        private readonly int _slots;
        private readonly long[] _length;
        private FlashReadException? _error;
        private long _bytes, _begin;
        private TimeSpan _cpu;

        internal Run(IFlashDevice device, int slots, long mostBytes, int threads, BudgetAccount account)
        {
            (_slots, _length) = (slots, new long[slots]);
            _slotBytes = ExtentWindow.MostBytes(mostBytes);
            _buffers = account.Allocate(slots * _slotBytes, hugePages: true);
            _reader = new FlashReader(device, threads);
            for (int slot = 0; slot < slots; slot++)
            {
                _free.Push(slot);
            }
        }

        internal TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begin);

        /// <summary>Reads under way are counted when they end: as many are when the measurement ends.</summary>
        internal void Begin()
        {
            lock (_lock)
            {
                (_bytes, _begin, _cpu) = (0, Stopwatch.GetTimestamp(), Cpu());
            }
        }

        internal ReadRate End()
        {
            lock (_lock)
            {
                ReadRate rate = new(_bytes, Elapsed.TotalSeconds, (Cpu() - _cpu).TotalSeconds);
                return _error is null ? rate : throw _error;
            }
        }

        internal void Submit(in Extent extent, bool urgent)
        {
            int slot;
            lock (_lock)
            {
                while (_free.Count == 0)
                {
                    Monitor.Wait(_lock);
                }

                if (_error is not null)
                {
                    throw _error;
                }

                slot = _free.Pop();
                _length[slot] = extent.Length;
            }

            _reader.Submit(new ReadRequest(extent, _buffers.Address + (nint)(slot * _slotBytes), _slotBytes, slot, this), urgent);
        }

        internal void Burst(Extent[] extents)
        {
            foreach (Extent extent in extents)
            {
                Submit(extent, urgent: true);
            }

            lock (_lock)
            {
                while (_free.Count < _slots)
                {
                    Monitor.Wait(_lock);
                }
            }
        }

        public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
        {
            lock (_lock)
            {
                _error ??= error;
                _bytes += _length[tag];
                _free.Push((int)tag);
                Monitor.Pulse(_lock);
            }
        }

        public void Dispose()
        {
            _reader.Dispose();
            _buffers.Dispose();
        }

        private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;
    }
}
