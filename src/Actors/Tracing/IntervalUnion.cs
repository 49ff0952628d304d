namespace LayerStream.Actors.Tracing;

/// <summary>The union of time intervals, and how much of any window it covers.</summary>
internal sealed class IntervalUnion
{
    private readonly List<long> _starts = [];
    private readonly List<long> _ends = [];
    private readonly List<long> _before = []; // ticks covered by the intervals in front

    public IntervalUnion(IEnumerable<TraceEvent> events)
    {
        long covered = 0;
        foreach (TraceEvent e in events.OrderBy(e => e.StartTicks))
        {
            long end = e.EndOrStartTicks;
            if (end == e.StartTicks)
            {
                continue;
            }
            if (_ends.Count > 0 && e.StartTicks <= _ends[^1])
            {
                long longer = Math.Max(_ends[^1], end);
                covered += longer - _ends[^1];
                _ends[^1] = longer;
                continue;
            }
            _starts.Add(e.StartTicks);
            _ends.Add(end);
            _before.Add(covered);
            covered += end - e.StartTicks;
        }
    }

    /// <summary>Ticks of the window [from, to) that lie in the union.</summary>
    public long Covered(long from, long to) => to <= from ? 0 : CoveredBefore(to) - CoveredBefore(from);

    private long CoveredBefore(long time)
    {
        int found = _starts.BinarySearch(time);
        int last = (found >= 0 ? found : ~found) - 1; // the last interval that starts before the time
        return last < 0 ? 0 : _before[last] + Math.Min(time, _ends[last]) - _starts[last];
    }
}
