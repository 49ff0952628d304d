using LayerStream.Planning.Tuning;

namespace LayerStream.Planning.Tests.Tuning;

/// <summary>A ring over a simulated disk, in virtual time: reads start in order when a slot and a reader are free, each takes a latency and
/// then its share of one bus; compute takes tiles in order.</summary>
internal sealed class SimulatedRing(int tiles, long tileBytes, double computeSeconds)
{
    private readonly Queue<double> _readerFree = new(); // when the readers at work become free, by time
    private readonly List<double> _released = []; // when each tile so far was computed
    private double _bus, _compute;

    /// <summary>Bytes per second of the disk.</summary>
    public double Rate { get; set; } = 1e9;

    /// <summary>Seconds of a read before its bytes come.</summary>
    public double Latency { get; set; } = 100e-6;

    /// <summary>A read of this number, counted from the start, comes this much later.</summary>
    public Func<int, double> Delay { get; set; } = _ => 0;

    /// <summary>Runs one pass.</summary>
    public TunedPass Pass(TunerSetting setting)
    {
        double begin = _compute, waited = 0, busy = 0, busyEnd = begin;
        int full = 0, empty = 0, first = _released.Count;
        double[] done = new double[tiles];
        double[] taken = new double[tiles];
        for (int i = 0; i < tiles; i++)
        {
            int number = first + i, slots = setting.Depth + 1;
            double start = number >= slots ? _released[number - slots] : 0;
            while (_readerFree.Count >= setting.Reads)
            {
                start = Math.Max(start, _readerFree.Dequeue());
            }

            double end = Math.Max(start + Latency + Delay(number), _bus) + (tileBytes / Rate);
            _bus = end;
            _readerFree.Enqueue(end);
            done[i] = i > 0 ? Math.Max(end, done[i - 1]) : end; // published in order
            taken[i] = Math.Max(_compute, done[i]);
            waited += taken[i] - _compute;
            busy += Math.Max(0, end - Math.Max(start, busyEnd));
            busyEnd = Math.Max(busyEnd, end);
            _compute = taken[i] + computeSeconds;
            _released.Add(_compute);
        }

        for (int i = 0; i < tiles; i++)
        {
            double came = i == 0 ? begin : taken[i - 1] + computeSeconds;
            int ready = done.Skip(i).TakeWhile(d => d <= came).Count();
            full += ready >= setting.Depth ? 1 : 0;
            empty += ready == 0 ? 1 : 0;
        }

        return new TunedPass(_compute - begin, waited, Math.Min(busy, _compute - begin), tiles * tileBytes, full, empty);
    }
}
