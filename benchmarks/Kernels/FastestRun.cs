using System.Diagnostics;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>Times of the fastest of some runs.</summary>
internal static class FastestRun
{
    /// <summary>Seconds of the fastest, after one that is not counted.</summary>
    /// <param name="action">What is run.</param>
    /// <param name="runs">At least so many times,</param>
    /// <param name="seconds">and for so long.</param>
    public static double Of(Action action, int runs, double seconds = 0)
    {
        action();
        double best = double.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < runs || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
