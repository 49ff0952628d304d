using System.Globalization;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Storage.Sums;

/// <summary>
/// Reads byte ranges to their end through small buffers, a few ranges at a time, past the page cache where the device is direct.
/// Takes workers × window bytes of native memory while it runs.
/// </summary>
/// <param name="device">Where to read.</param>
/// <param name="workers">Ranges read at the same time.</param>
/// <param name="windowBytes">Bytes of one worker's buffer; a multiple of the alignment, at least four times it.</param>
public sealed class RangeScan(IFlashDevice device, int workers, int windowBytes)
{
    /// <summary>Receives the pieces of one range in order, on one thread.</summary>
    public interface ISink
    {
        /// <summary>The next piece: a whole number of units.</summary>
        void Take(ReadOnlySpan<byte> piece);

        /// <summary>The range is read, or could not be.</summary>
        void End(FlashReadException? error);
    }

    /// <summary>Reads all ranges; a range that cannot be read ends with its error and the others go on.</summary>
    /// <param name="ranges">Ranges, and the bytes of the unit that no piece may cut.</param>
    /// <param name="open">Makes the sink of a range by its index; called from any worker.</param>
    /// <param name="progress">Receives the sum of bytes so far, from any worker.</param>
    /// <param name="cancel">Ends early with <see cref="OperationCanceledException"/>.</param>
    public void Run(IReadOnlyList<(Extent Extent, int UnitBytes)> ranges, Func<int, ISink> open, Action<long>? progress,
        CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        using AlignedBuffer buffers = new BudgetAccount("windows of a scan", (long)workers * windowBytes)
            .Allocate((long)workers * windowBytes);
        Work work = new(device, ranges, open, progress, windowBytes, cancel);
        Thread[] threads = new Thread[workers];
        for (int i = 0; i < threads.Length; i++)
        {
            long at = (long)i * windowBytes;
            threads[i] = new Thread(() => work.Loop(buffers, at), 256 * 1024)
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"layerstream-scan-{i}")
            };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        cancel.ThrowIfCancellationRequested();
        if (work.Fault is { } fault)
        {
            throw new InvalidOperationException("A sink failed.", fault);
        }
    }

    private sealed class Work(
        IFlashDevice device, IReadOnlyList<(Extent Extent, int UnitBytes)> ranges, Func<int, ISink> open, Action<long>? progress,
            int windowBytes, CancellationToken cancel)
    {
        private int _next = -1;
        private long _done;
        private Exception? _fault;

        internal Exception? Fault => Volatile.Read(ref _fault);

        internal void Loop(AlignedBuffer buffers, long at)
        {
            try
            {
                for (int i = Interlocked.Increment(ref _next); i < ranges.Count && Fault is null; i = Interlocked.Increment(ref _next))
                {
                    ISink sink = open(i);
                    sink.End(Read(ranges[i].Extent, ranges[i].UnitBytes, sink, buffers, at));
                }
            }
            catch (Exception e) // must not end the process from a thread of ours
            {
                Interlocked.CompareExchange(ref _fault, e, null);
            }
        }

        private FlashReadException? Read(Extent range, int unitBytes, ISink sink, AlignedBuffer buffers, long at)
        {
            long room = (windowBytes - (2L * ExtentWindow.Alignment)) / unitBytes * unitBytes;
            for (long done = 0; done < range.Length; done += room)
            {
                cancel.ThrowIfCancellationRequested();
                Extent piece = new(range.File, range.Offset + done, Math.Min(room, range.Length - done));
                if (PayloadRead.Fill(device, piece, buffers.Address + (nint)at, out _) is { } error)
                {
                    return error;
                }

                sink.Take(buffers.Bytes(at + piece.Window.PayloadOffset, (int)piece.Length));
                progress?.Invoke(Interlocked.Add(ref _done, piece.Length));
            }

            return null;
        }
    }
}
