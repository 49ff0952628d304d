using System.Diagnostics;
using System.Globalization;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Storage;

/// <summary>Measures what the device delivers: random aligned blocks over all files, a fixed number at a time.</summary>
public static class DeviceProbe
{
    /// <summary>Reads for <paramref name="budget"/> and a little longer: reads begun are awaited.</summary>
    /// <param name="device">Where to read.</param>
    /// <param name="budget">Time to measure; every thread reads at least one block.</param>
    /// <param name="account">Pays for the blocks: depth × blockBytes.</param>
    /// <param name="blockBytes">Bytes of one read; a multiple of the alignment.</param>
    /// <param name="depth">Reads at the same time.</param>
    /// <returns>Bytes per second of busy device time; 0 when the files are empty.</returns>
    /// <exception cref="FlashReadException">A read failed for good.</exception>
    /// <remarks>Takes depth × blockBytes of native memory while it runs. Through the page cache (not direct) it measures that.</remarks>
    public static double MeasureBytesPerSecond(IFlashDevice device, TimeSpan budget, BudgetAccount account, int blockBytes = 4 << 20,
        int depth = 4)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, ExtentWindow.Alignment);
        ArgumentOutOfRangeException.ThrowIfNotEqual(blockBytes % ExtentWindow.Alignment, 0);
        if (!Enumerable.Range(0, device.Files.Count).Any(f => device.FileLength(f) > 0))
        {
            return 0;
        }

        Run run = new(device, Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency), blockBytes);
        using AlignedBuffer buffers = account.Allocate((long)depth * blockBytes);
        Thread[] threads = new Thread[depth];
        for (int i = 0; i < depth; i++)
        {
            nint buffer = buffers.Address + (nint)((long)i * blockBytes);
            threads[i] = new Thread(() => run.Loop(buffer), 256 * 1024)
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"layerstream-probe-{i}"),
            };
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (run.Error is { } error)
        {
            throw error;
        }

        (double seconds, long bytes) = run.Activity.Snapshot();
        return bytes / Math.Max(seconds, 1e-9);
    }

    private sealed class Run(IFlashDevice device, long deadlineTicks, int blockBytes)
    {
        private FlashReadException? _error;

        internal ReadActivity Activity { get; } = new();

        internal FlashReadException? Error => Volatile.Read(ref _error);

        internal void Loop(nint buffer)
        {
            do
            {
                Extent block = Pick();
                Activity.Begin();
                FlashReadException? error = PayloadRead.Fill(device, block, buffer, out long bytes);
                Activity.End(bytes);
                if (error is not null)
                {
                    Interlocked.CompareExchange(ref _error, error, null);
                }
            }
            while (Error is null && Stopwatch.GetTimestamp() < deadlineTicks);
        }

        /// <summary>A random aligned block; files are chosen by their length.</summary>
        private Extent Pick()
        {
            long total = 0;
            for (int file = 0; file < device.Files.Count; file++)
            {
                total += device.FileLength(file);
            }

            // Random on purpose: a fixed sequence would be served from a host's cache the second time.
            long at = Random.Shared.NextInt64(total);
            int chosen = 0;
            while (at >= device.FileLength(chosen))
            {
                at -= device.FileLength(chosen++);
            }

            long length = device.FileLength(chosen);
            long offset = ExtentWindow.RoundDown(Math.Min(at, Math.Max(0, length - blockBytes)));
            return new Extent(chosen, offset, Math.Min(blockBytes, length - offset));
        }
    }
}
