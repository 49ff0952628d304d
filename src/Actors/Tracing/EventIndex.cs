namespace LayerStream.Actors.Tracing;

/// <summary>Events that last, by start time, to find those that touch a window; instants are left out.</summary>
internal sealed class EventIndex
{
    private readonly TraceEvent[] _events;
    private readonly long[] _latestEnds; // the latest end up to and including this event: never falls

    public EventIndex(IEnumerable<TraceEvent> events)
    {
        _events = [.. events.Where(e => e.EndTicks > e.StartTicks).OrderBy(e => e.StartTicks)];
        _latestEnds = new long[_events.Length];
        long latest = long.MinValue;
        for (int i = 0; i < _events.Length; i++)
        {
            latest = Math.Max(latest, _events[i].EndTicks);
            _latestEnds[i] = latest;
        }
    }

    /// <summary>Events that share time with [from, to), in order of their start.</summary>
    public IEnumerable<TraceEvent> Touching(long from, long to)
    {
        int first = Array.BinarySearch(_latestEnds, from);
        first = first >= 0 ? first : ~first;
        for (int i = first; i < _events.Length && _events[i].StartTicks < to; i++)
        {
            if (_events[i].EndTicks > from)
            {
                yield return _events[i];
            }
        }
    }
}
