using System.Diagnostics;

namespace LayerStream.Memory;

/// <summary>
/// Takes memory from the system before it is used, so that nobody who fills it waits for the system to clear its pages. A machine clears
/// them at several GB/s; a virtual machine whose host takes free memory back may fetch each page from it, 25 times as slowly.
/// </summary>
public static class FirstUse
{
    private const int Page = 4096;
    private const long StepBytes = 2L << 20; // what maps memory waits until a step is taken
    private const long ProbeBytes = 256L << 20;
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
        long next = 0, done = 0;
        void Work()
        {
            for (long at = Interlocked.Add(ref next, StepBytes) - StepBytes; at < buffer.Length && !cancel.IsCancellationRequested;
                at = Interlocked.Add(ref next, StepBytes) - StepBytes)
            {
                long length = Math.Min(StepBytes, buffer.Length - at);
                if (!buffer.TryTake(at, length))
                {
                    Touch(buffer, at, length);
                }

                progress?.Invoke(Interlocked.Add(ref done, length));
            }
        }

        int threads = (int)Math.Min(Math.Min(MostThreads, Environment.ProcessorCount), (buffer.Length + StepBytes - 1) / StepBytes);
        return Task.WhenAll(Enumerable.Range(0, threads)
            .Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    /// <summary>Takes up to 256 MiB of what an account has left, and gives them back; bytes per second.</summary>
    public static async Task<double> MeasureBytesPerSecondAsync(BudgetAccount account)
    {
        using AlignedBuffer buffer = account.Allocate(Math.Min(account.FreeBytes, ProbeBytes), hugePages: true);
        long begin = Stopwatch.GetTimestamp();
        await TakeAsync(buffer, null, CancellationToken.None);
        return buffer.Length / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static void Touch(AlignedBuffer buffer, long offset, long length)
    {
        for (long at = offset; at < offset + length; at += Page)
        {
            buffer.Bytes(at, 1)[0] = 0;
        }
    }
}
