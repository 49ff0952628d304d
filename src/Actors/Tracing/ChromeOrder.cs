using System.Runtime.CompilerServices;

namespace LayerStream.Actors.Tracing;

/// <summary>Orders of the events of one trace, as indices into them; all that write the same events share them.</summary>
internal sealed class ChromeOrder
{
    private static readonly ConditionalWeakTable<TraceEvent[], ChromeOrder> s_known = [];

    private ChromeOrder(TraceEvent[] events)
    {
        Flows = Indices(events, e => e.Tile >= 0 && e.Kind is TraceKind.Load or TraceKind.Compute or TraceKind.Evict);
        Array.Sort(Flows, (a, b) => Compare(events[a], events[b]) is not 0 and int c ? c : a.CompareTo(b));
        LoadStarts = Indices(events, e => e.Kind == TraceKind.Load && e.EndTicks > e.StartTicks);
        LoadEnds = [.. LoadStarts];
        Array.Sort(LoadStarts, (a, b) => events[a].StartTicks.CompareTo(events[b].StartTicks));
        Array.Sort(LoadEnds, (a, b) => events[a].EndTicks.CompareTo(events[b].EndTicks));
    }

    /// <summary>Reads, uses and evictions of tiles, by pass, tile and start.</summary>
    public int[] Flows { get; }

    /// <summary>Finished reads by start.</summary>
    public int[] LoadStarts { get; }

    /// <summary>Finished reads by end.</summary>
    public int[] LoadEnds { get; }

    /// <summary>The orders of these events.</summary>
    public static ChromeOrder Of(TraceEvent[] events) => s_known.GetValue(events, e => new ChromeOrder(e));

    private static int Compare(in TraceEvent a, in TraceEvent b) =>
        a.Pass != b.Pass ? a.Pass.CompareTo(b.Pass) : a.Tile != b.Tile ? a.Tile.CompareTo(b.Tile) : a.StartTicks.CompareTo(b.StartTicks);

    private static int[] Indices(TraceEvent[] events, Predicate<TraceEvent> isMeant)
    {
        List<int> found = [];
        for (int i = 0; i < events.Length; i++)
        {
            if (isMeant(events[i]))
            {
                found.Add(i);
            }
        }

        return [.. found];
    }
}
