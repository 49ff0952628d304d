namespace LayerStream.Host.Telemetry;

/// <summary>One series of a histogram for the Prometheus page; adding is thread-safe.</summary>
internal sealed class BucketCounts
{
    private static readonly double[] s_bounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[s_bounds.Length + 1];
    private double _sum;

    /// <summary>Upper bounds in seconds; a last bucket takes what is above.</summary>
    public static IReadOnlyList<double> Bounds => s_bounds;

    /// <summary>Adds a duration in seconds.</summary>
    public void Add(double seconds)
    {
        int bucket = 0;
        while (bucket < s_bounds.Length && seconds > s_bounds[bucket])
        {
            bucket++;
        }

        lock (_lock)
        {
            _counts[bucket]++;
            _sum += seconds;
        }
    }

    /// <summary>A copy of the counts of each bucket (not cumulative) and the sum.</summary>
    public (long[] Counts, double Sum) Snapshot()
    {
        lock (_lock)
        {
            return ([.. _counts], _sum);
        }
    }
}
