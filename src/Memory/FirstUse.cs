using System.Diagnostics;

namespace LayerStream.Memory;

/// <summary>
/// Takes memory from the system before it is used, so that nobody who fills it waits for the system to clear its pages. A machine clears them at
/// several GB/s; a virtual machine whose host takes free memory back may fetch each page from it, 25 times as slowly.
/// </summary>
public static class FirstUse
{
    private const int Page = 4096;
    private const long StepBytes = 2L << 20; // what maps memory waits until a step is taken
    private const int MostThreads = 4;

    /// <summary>Below this, in bytes per second, first use costs as much as reading from a usual disk.</summary>
    public const double Slow = 2e9;

    /// <summary>
    /// Takes all of a buffer that nobody uses yet, on as many threads as there are cores, at most 4; ends early and without an error when
    /// cancelled. <paramref name="progress"/> gets the bytes taken, from any of the threads.
    /// </summary>
    public static Task TakeAsync(AlignedBuffer buffer, Action<long>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        Action work = Work(buffer, progress, cancel);
        return Task.WhenAll(Enumerable.Range(0, Threads(buffer.Length)).Select(_ => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    /// <summary>Takes <paramref name="bytes"/> and gives them back; bytes per second.</summary>
    public static double MeasureBytesPerSecond(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, Page);
        using AlignedBuffer buffer = AlignedBuffer.Allocate(bytes, "probe of first use", hugePages: true);
        long begin = Stopwatch.GetTimestamp();
        ThreadStart work = new(Work(buffer, null, CancellationToken.None));
        Thread[] threads = [.. Enumerable.Range(0, Threads(bytes)).Select(_ => new Thread(work))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        return bytes / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static int Threads(long bytes) => (int)Math.Min(Math.Min(MostThreads, Environment.ProcessorCount), (bytes + StepBytes - 1) / StepBytes);

    /// <summary>Takes step after step; any number of threads may run it.</summary>
    private static Action Work(AlignedBuffer buffer, Action<long>? progress, CancellationToken cancel)
    {
        long next = 0, done = 0;
        return () =>
        {
            for (long at = Interlocked.Add(ref next, StepBytes) - StepBytes; at < buffer.Length && !cancel.IsCancellationRequested; at = Interlocked.Add(ref next, StepBytes) - StepBytes)
            {
                long length = Math.Min(StepBytes, buffer.Length - at);
                if (!buffer.TryTake(at, length))
                {
                    Touch(buffer, at, length);
                }

                progress?.Invoke(Interlocked.Add(ref done, length));
            }
        };
    }

    private static void Touch(AlignedBuffer buffer, long offset, long length)
    {
        for (long at = offset; at < offset + length; at += Page)
        {
            buffer.Bytes(at, 1)[0] = 0;
        }
    }
}
