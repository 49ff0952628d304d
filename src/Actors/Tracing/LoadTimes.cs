using System.Diagnostics;

namespace LayerStream.Actors.Tracing;

/// <summary>How long reads took, by cause, since the engine started. Adding takes no lock and allocates nothing; any thread.</summary>
public sealed class LoadTimes
{
    private static readonly double[] s_bounds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10, 60];
    private readonly long[][] _counts = [.. Enum.GetValues<LoadCause>().Select(_ => new long[s_bounds.Length + 1])];
    private readonly long[] _ticks = new long[Enum.GetValues<LoadCause>().Length];

    /// <summary>Upper bounds of the buckets in seconds; a last bucket takes what is above.</summary>
    public static IReadOnlyList<double> Bounds => s_bounds;

    /// <summary>Hears of every read, on the thread that ended it; null = nobody listens.</summary>
    public Action<LoadCause, double>? Recorded { get; set; }

    /// <summary>Counts of each bucket (not cumulative) and the sum in seconds.</summary>
    public (long[] Counts, double SumSeconds) Snapshot(LoadCause cause) =>
        ([.. _counts[(int)cause]], (double)Volatile.Read(ref _ticks[(int)cause]) / Stopwatch.Frequency);

    internal void Add(LoadCause cause, long startTicks, long endTicks)
    {
        double seconds = Stopwatch.GetElapsedTime(startTicks, endTicks).TotalSeconds;
        int bucket = 0;
        while (bucket < s_bounds.Length && seconds > s_bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[(int)cause][bucket]);
        Interlocked.Add(ref _ticks[(int)cause], endTicks - startTicks);
        Recorded?.Invoke(cause, seconds);
    }
}
