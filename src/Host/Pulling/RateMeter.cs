using System.Diagnostics;

namespace LayerStream.Host.Pulling;

/// <summary>Bytes per second over the last seconds.</summary>
internal sealed class RateMeter
{
    private const double WindowSeconds = 5;
    private readonly Queue<(long Ticks, long Bytes)> _points = new();

    /// <summary>Takes the sum of bytes so far and gives the rate; 0 until there are two moments.</summary>
    public double Add(long bytes)
    {
        long now = Stopwatch.GetTimestamp();
        _points.Enqueue((now, bytes));
        while (_points.Count > 2 && Stopwatch.GetElapsedTime(_points.Peek().Ticks, now).TotalSeconds > WindowSeconds)
        {
            _points.Dequeue();
        }

        (long ticks, long before) = _points.Peek();
        double seconds = Stopwatch.GetElapsedTime(ticks, now).TotalSeconds;
        return seconds > 0 ? Math.Max(0, bytes - before) / seconds : 0;
    }
}
