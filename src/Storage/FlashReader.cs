using System.Diagnostics;
using System.Globalization;
using LayerStream.Formats;

namespace LayerStream.Storage;

/// <summary>
/// A fixed pool of threads that read payloads into caller's buffers: urgent requests first, then first come first served. A buffer
/// belongs to the reader from <see cref="Submit"/> until its completion returns. The device is not owned: dispose the reader first.
/// </summary>
public sealed class FlashReader : IDisposable
{
    private const int QueueCapacity = 1024;
    private const long MostPayloadBytes = int.MaxValue - (2L * ExtentWindow.Alignment); // the system counts bytes of a read in 31 bits
    private const int StackBytes = 256 * 1024;
    private const int FilledDepth = 3; // reads at the same time with which a device is about as fast as with more

    private readonly object _lock = new(); // monitor: the pool parks on it
    private readonly IFlashDevice _device;
    private readonly Thread[] _threads;
    private readonly RequestRing _urgent = new(QueueCapacity);
    private readonly RequestRing _ordinary = new(QueueCapacity);
    private int _most;
    private int _mostOrdinary;
    private readonly ReadActivity _activity = new();
    private TaskCompletionSource? _drained;
    private int _inFlight;
    private int _ordinaryRunning;
    private int _urgentRunning;
    private bool _isClosed;

    /// <param name="device">Where to read; outlives the reader.</param>
    /// <param name="threads">Reads that run at the same time, at least 1.</param>
    /// <param name="urgentThreads">How many of them ordinary reads leave alone, so that an urgent one starts at once; fewer than
    /// all.</param>
    public FlashReader(IFlashDevice device, int threads, int urgentThreads = 0)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(urgentThreads);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(urgentThreads, threads);
        (_device, _most, _mostOrdinary) = (device, threads, threads - urgentThreads);
        _threads = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            _threads[i] = new Thread(Serve, StackBytes)
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"layerstream-io-{i}"),
            };
            _threads[i].Start();
        }
    }

    /// <summary>Requests submitted, and synchronous reads begun, that have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Bytes the device delivered, windows and repeated reads included.</summary>
    public long BytesRead => _activity.Bytes;

    /// <summary>Busy time and bytes of the device.</summary>
    public ReadActivity Activity => _activity;

    /// <summary>Hears of every exception a completion throws (a bug of its owner; the reader goes on), on the thread of the read, before
    /// the read counts as ended.</summary>
    public Action<Exception>? CompletionFailed { get; set; }

    /// <summary>Changes how many reads may begin while others run; what runs goes on. From 1 to the number of threads.</summary>
    /// <param name="reads">Reads that run at the same time.</param>
    /// <param name="urgentReads">How many of them ordinary reads leave alone; fewer than all.</param>
    public void Limit(int reads, int urgentReads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reads, _threads.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(urgentReads);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(urgentReads, reads);
        lock (_lock)
        {
            (_most, _mostOrdinary) = (reads, reads - urgentReads);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Queues a read. Never waits for the device; allocates only when more than 1,024 requests are queued.</summary>
    /// <param name="request">The payload, its buffer and its completion.</param>
    /// <param name="urgent">In front of everything that is not urgent.</param>
    /// <exception cref="ArgumentException">Unknown file, negative extent, window too large, or a buffer that is unaligned or too
    /// short.</exception>
    /// <exception cref="ObjectDisposedException">After <see cref="Dispose"/>; the completion is not called.</exception>
    public void Submit(in ReadRequest request, bool urgent = false)
    {
        ArgumentNullException.ThrowIfNull(request.Completion);
        CheckArguments(request.Extent, request.Destination, request.DestinationLength);
        long now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            (urgent ? _urgent : _ordinary).Add(request, now);
            _inFlight++;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Makes those ordinary requests of a completion's tag urgent that have not started.</summary>
    public void Promote(IReadCompletion completion, long tag)
    {
        lock (_lock)
        {
            if (_ordinary.Move(completion, tag, _urgent) > 0)
            {
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Takes back those ordinary requests of a completion's tag that have not started: they never complete. Gives their
    /// number.</summary>
    public int Withdraw(IReadCompletion completion, long tag)
    {
        int count;
        TaskCompletionSource? drained = null;
        lock (_lock)
        {
            count = _ordinary.Move(completion, tag, null);
            _inFlight -= count;
            if (count > 0 && _inFlight == 0)
            {
                (drained, _drained) = (_drained, null);
                Monitor.PulseAll(_lock);
            }
        }

        drained?.SetResult();
        return count;
    }

    /// <summary>Reads on the calling thread, with the same retries.</summary>
    /// <param name="extent">The payload.</param>
    /// <param name="destination">Aligned buffer of at least the window's length.</param>
    /// <param name="payload">Address of the payload, every byte filled.</param>
    /// <exception cref="FlashReadException">The payload could not be filled.</exception>
    public void ReadNow(Extent extent, nint destination, out nint payload)
    {
        CheckArguments(extent, destination, long.MaxValue);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _inFlight++;
        }

        try
        {
            payload = Read(extent, destination, out FlashReadException? error, out _, out _);
            if (error is not null)
            {
                throw error;
            }
        }
        finally
        {
            EndOne(0, 0);
        }
    }

    /// <summary>Completes when nothing is in flight, at once when nothing is now.</summary>
    public Task DrainAsync()
    {
        lock (_lock)
        {
            if (_inFlight == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>
    /// Refuses new requests, fails those that have not started (each completion is called), waits for the running ones
    /// and ends the threads. Not from a completion.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.PulseAll(_lock);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        lock (_lock)
        {
            while (_inFlight > 0) // synchronous reads of other threads
            {
                Monitor.Wait(_lock);
            }
        }
    }

    private bool CanTake => _urgentRunning + _ordinaryRunning < _most
        && (_urgent.Count > 0 || (_ordinary.Count > 0 && (_isClosed || (_ordinaryRunning < _mostOrdinary && IsUnfilled))));

    /// <summary>Behind urgent reads ordinary ones only fill up what those leave of the device, else they would slow them.</summary>
    private bool IsUnfilled => _urgentRunning == 0 || _urgentRunning + _ordinaryRunning < FilledDepth;

    private void Serve()
    {
        SchedulerSlice.AskForShort();
        while (true)
        {
            RequestRing.Entry entry;
            bool isClosed, isUrgent;
            lock (_lock)
            {
                while (!CanTake)
                {
                    if (_isClosed && _ordinary.Count == 0)
                    {
                        return;
                    }

                    Monitor.Wait(_lock);
                }

                isUrgent = _urgent.Count > 0;
                entry = (isUrgent ? _urgent : _ordinary).Take();
                _ordinaryRunning += isUrgent ? 0 : 1;
                _urgentRunning += isUrgent ? 1 : 0;
                isClosed = _isClosed;
                if (CanTake)
                {
                    Monitor.Pulse(_lock); // one end of a read may make room for several
                }
            }

            Finish(entry, isClosed);
            EndOne(isUrgent ? 0 : 1, isUrgent ? 1 : 0);
        }
    }

    private void Finish(in RequestRing.Entry entry, bool isClosed)
    {
        ReadRequest request = entry.Request;
        nint payload = 0;
        FlashReadException? error;
        long start, end;
        if (isClosed)
        {
            Extent extent = request.Extent;
            error = new FlashReadException(_device.Files[extent.File], extent.Offset, extent.Length, Errno.Canceled,
                "the reader was closed");
            start = end = Stopwatch.GetTimestamp();
        }
        else
        {
            payload = Read(request.Extent, request.Destination, out error, out start, out end);
        }

        try
        {
            request.Completion.Completed(request.Tag, payload, error, entry.SubmitTicks, start, end);
        }
        catch (Exception e)
        {
            CompletionFailed?.Invoke(e);
        }
    }

    private nint Read(Extent extent, nint destination, out FlashReadException? error, out long start, out long end)
    {
        start = _activity.Begin();
        error = PayloadRead.Fill(_device, extent, destination, out long bytes);
        end = _activity.End(bytes);
        return error is null ? destination + extent.Window.PayloadOffset : 0;
    }

    private void EndOne(int ordinary, int urgent)
    {
        TaskCompletionSource? drained = null;
        lock (_lock)
        {
            _ordinaryRunning -= ordinary;
            _urgentRunning -= urgent;
            if (--_inFlight == 0)
            {
                (drained, _drained) = (_drained, null);
                if (_isClosed)
                {
                    Monitor.PulseAll(_lock);
                }
            }
        }

        drained?.SetResult();
    }

    private void CheckArguments(Extent extent, nint destination, long destinationLength)
    {
        if ((uint)extent.File >= (uint)_device.Files.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(extent), $"File {extent.File} of {_device.Files.Count}.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(extent.Offset);
        ArgumentOutOfRangeException.ThrowIfNegative(extent.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(extent.Length, MostPayloadBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(extent.Offset, long.MaxValue - int.MaxValue);
        ExtentWindow window = extent.Window;
        if (destination == 0 || destination % ExtentWindow.Alignment != 0 || destinationLength < window.Length)
        {
            throw new ArgumentException(
                $"A buffer of {destinationLength} bytes at 0x{destination:x} cannot hold a window of {window.Length} bytes aligned to "
                    + $"{ExtentWindow.Alignment}.");
        }
    }
}
