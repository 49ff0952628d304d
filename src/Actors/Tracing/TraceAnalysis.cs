namespace LayerStream.Actors.Tracing;

/// <summary>Intervals of a trace → figures per pass and per layer.</summary>
internal sealed class TraceAnalysis
{
    private const double DiskStallShare = 0.02; // below this part of the wall the disk does not set the pace
    private readonly TraceFile _trace;
    private readonly EventIndex _work; // what the compute thread did: tiles its passes
    private readonly EventIndex _loads;
    private readonly TraceEvent[] _wasted; // predictions that were wrong
    private readonly IntervalUnion _loadUnion;
    private readonly IntervalUnion _computeUnion;

    public TraceAnalysis(TraceFile trace)
    {
        _trace = trace;
        _work = new EventIndex(trace.Events.Where(e => e.Kind is TraceKind.Compute or TraceKind.Wait or TraceKind.Sample));
        _loads = new EventIndex(trace.Events.Where(e => e.Kind == TraceKind.Load));
        _wasted = [.. trace.Events.Where(e => e.Kind == TraceKind.Evict && e.IsPredicted)];
        _loadUnion = new IntervalUnion(trace.Events.Where(e => e.Kind == TraceKind.Load));
        _computeUnion = new IntervalUnion(trace.Events.Where(e => e.Kind == TraceKind.Compute));
        long known = KnownSince();
        Passes = [.. trace.Events
            .Where(e => e.Kind is TraceKind.Token or TraceKind.Prompt && e.EndTicks > e.StartTicks && e.StartTicks >= known)
            .OrderBy(e => e.StartTicks)];
    }

    /// <summary>Complete decode and prompt passes in order of time.</summary>
    public IReadOnlyList<TraceEvent> Passes { get; }

    /// <summary>Figures of one pass.</summary>
    public PassFigures Measure(TraceEvent pass)
    {
        WallParts parts = new();
        Add(parts, pass);
        return Figures(parts, pass.Pass, pass.Kind == TraceKind.Token ? "token" : "prompt");
    }

    /// <summary>Figures of all passes of a kind as if they were one; null if there are none.</summary>
    public PassFigures? Total(TraceKind kind)
    {
        WallParts parts = new();
        int count = 0;
        foreach (TraceEvent pass in Passes.Where(p => p.Kind == kind))
        {
            Add(parts, pass);
            count++;
        }
        return count == 0 ? null : Figures(parts, -1, "total");
    }

    /// <summary>
    /// (load + compute − wall) ÷ min(load, compute), clamped to 0 … 1, over each run of decode passes that follow one another: from the
    /// start of the first to the end of the last, as the engine's counters have it. 1 if nothing was loaded, 0 without passes.
    /// </summary>
    public double Overlap()
    {
        long wall = 0, load = 0, compute = 0;
        TraceEvent[] tokens = [.. Passes.Where(p => p.Kind == TraceKind.Token)];
        for (int first = 0, next; first < tokens.Length; first = next)
        {
            next = first + 1;
            while (next < tokens.Length && tokens[next].Pass == tokens[next - 1].Pass + 1)
            {
                next++;
            }

            (long from, long to) = (tokens[first].StartTicks, tokens[next - 1].EndTicks);
            wall += to - from;
            load += _loadUnion.Covered(from, to);
            compute += _computeUnion.Covered(from, to);
        }

        long smaller = Math.Min(load, compute);
        return wall == 0 ? 0 : smaller <= 0 ? 1 : Math.Clamp((double)(load + compute - wall) / smaller, 0, 1);
    }

    /// <summary>Waits of the decode passes by layer, longest first.</summary>
    public IReadOnlyList<LayerFigures> Layers()
    {
        TraceEvent[] tokens = [.. Passes.Where(p => p.Kind == TraceKind.Token)];
        var waits = tokens
            .SelectMany(p => _work.Touching(p.StartTicks, p.EndTicks).Where(e => e.Kind == TraceKind.Wait)
                .Select(e => (e.Tile, e.Reason, Ticks: Math.Min(e.EndTicks, p.EndTicks) - Math.Max(e.StartTicks, p.StartTicks))))
            .ToArray();
        double scale = 1.0 / Math.Max(1, tokens.Length);
        return [.. waits.GroupBy(w => _trace.TileLayer(w.Tile)).Select(layer =>
        {
            var tile = layer.GroupBy(w => w.Tile).MaxBy(t => t.Sum(w => w.Ticks))!;
            return new LayerFigures
            {
                Layer = layer.Key,
                StallMsPerToken = _trace.Milliseconds(layer.Sum(w => w.Ticks)) * scale,
                TopTile = _trace.TileName(tile.Key),
                TopTileMsPerToken = _trace.Milliseconds(tile.Sum(w => w.Ticks)) * scale,
                TopReason = layer.GroupBy(w => w.Reason).MaxBy(r => r.Sum(w => w.Ticks))!.Key.Name(),
            };
        }).OrderByDescending(l => l.StallMsPerToken).ThenBy(l => l.Layer)];
    }

    // A full ring has lost the work of its first passes: a pass counts only if it starts after the oldest event was added.
    private long KnownSince() =>
        _trace.Dropped > 0 && _trace.Events.Length > 0 ? _trace.Events[0].EndOrStartTicks : long.MinValue;

    private bool IsExpert(in TraceEvent e) => _trace.FirstExpertTile >= 0 && e.Tile >= _trace.FirstExpertTile;

    // Before version 3 nobody wrote how many were drawn, and one was.
    private int TokensOf(in TraceEvent sampling) => _trace.Version < TraceFile.SequencesVersion ? 1 : sampling.Rows;

    private void Add(WallParts parts, TraceEvent pass)
    {
        long from = pass.StartTicks;
        long to = pass.EndTicks;
        parts.Wall += to - from;
        parts.Load += _loadUnion.Covered(from, to);
        parts.ComputeUnion += _computeUnion.Covered(from, to);
        long cursor = from; // time up to here is spoken for: no moment counts twice
        foreach (TraceEvent e in _work.Touching(from, to))
        {
            long ticks = Math.Min(e.EndTicks, to) - Math.Max(e.StartTicks, cursor);
            if (ticks <= 0)
            {
                continue;
            }
            cursor = Math.Min(e.EndTicks, to);
            parts.Add(e, ticks);
            parts.Experts += e.Kind == TraceKind.Compute && IsExpert(e) ? 1 : 0;
            parts.Tokens += e.Kind == TraceKind.Sample && e.Pass == pass.Pass ? TokensOf(e) : 0;
        }
        foreach (TraceEvent e in _loads.Touching(from, to))
        {
            double share = (double)(Math.Min(e.EndTicks, to) - Math.Max(e.StartTicks, from)) / (e.EndTicks - e.StartTicks);
            parts.Bytes += e.Bytes * share;
            parts.ExpertMisses += e.Pass == pass.Pass && IsExpert(e) ? 1 : 0;
            parts.Predicted += e.Pass == pass.Pass && e.IsPredicted ? e.Bytes : 0;
        }
        foreach (TraceEvent e in _wasted.Where(e => e.Pass == pass.Pass))
        {
            parts.Wasted += e.Bytes;
            parts.ExpertMisses--; // it was read, but not missed
        }
    }

    private PassFigures Figures(WallParts parts, int pass, string kind)
    {
        SortedDictionary<string, double> stalls = new(StringComparer.Ordinal);
        for (int reason = 0; reason < StallReasonNames.Count; reason++)
        {
            if (parts.Stalls[reason] > 0)
            {
                stalls.Add(((StallReason)reason).Name(), _trace.Milliseconds(parts.Stalls[reason]));
            }
        }
        (int tile, StallReason why, long longest) = parts.TopWait();
        double seconds = (double)parts.Wall / _trace.TicksPerSecond;
        return new PassFigures
        {
            Pass = pass,
            Kind = kind,
            Tokens = parts.Tokens,
            WallMs = _trace.Milliseconds(parts.Wall),
            ComputeMs = _trace.Milliseconds(parts.Compute),
            SampleMs = _trace.Milliseconds(parts.Sample),
            StallMs = stalls,
            UnattributedMs = _trace.Milliseconds(parts.Wall - parts.Attributed),
            LoadMs = _trace.Milliseconds(parts.Load),
            LoadedBytes = parts.Bytes,
            Experts = parts.Experts,
            ExpertMisses = Math.Max(0, parts.ExpertMisses),
            PredictedBytes = parts.Predicted,
            PredictedBytesWasted = parts.Wasted,
            DeviceShare = parts.Bytes / seconds / _trace.DeviceBytesPerSecond is var share && double.IsFinite(share) ? share : null,
            BoundBy = BoundBy(parts),
            TopStallTile = longest > 0 ? _trace.TileName(tile) : null,
            TopStallReason = longest > 0 ? why.Name() : null,
        };
    }

    private static string BoundBy(WallParts parts)
    {
        long disk = parts.DiskStall;
        if (parts.Load >= parts.ComputeUnion && disk > parts.Wall * DiskStallShare)
        {
            return "disk";
        }
        int worst = 0;
        for (int reason = 1; reason < StallReasonNames.Count; reason++)
        {
            worst = !((StallReason)reason).IsDisk() && parts.Stalls[reason] > parts.Stalls[worst] ? reason : worst;
        }
        return worst != 0 && parts.Stalls[worst] > Math.Max(parts.Compute, disk) ? ((StallReason)worst).Name() : "compute";
    }

    /// <summary>Ticks of a wall time by what they were used for.</summary>
    private sealed class WallParts
    {
        private readonly Dictionary<(int Tile, StallReason Reason), long> _diskWaits = [];

        public long Wall { get; set; }

        public long Load { get; set; }

        public long ComputeUnion { get; set; }

        public long Compute { get; private set; }

        public long Sample { get; private set; }

        public double Bytes { get; set; }

        public int Tokens { get; set; }

        public int Experts { get; set; }

        public int ExpertMisses { get; set; }

        public long Predicted { get; set; }

        public long Wasted { get; set; }

        public long[] Stalls { get; } = new long[StallReasonNames.Count];

        public long Attributed => Compute + Sample + Stalls.Sum();

        public long DiskStall => Stalls[(int)StallReason.DiskPrefetchLate] + Stalls[(int)StallReason.DiskDemand];

        public void Add(in TraceEvent e, long ticks)
        {
            switch (e.Kind)
            {
                case TraceKind.Compute:
                    Compute += ticks;
                    break;
                case TraceKind.Sample:
                    Sample += ticks;
                    break;
                default:
                    Stalls[(int)e.Reason] += ticks;
                    if (e.Reason.IsDisk())
                    {
                        _diskWaits[(e.Tile, e.Reason)] = _diskWaits.GetValueOrDefault((e.Tile, e.Reason)) + ticks;
                    }
                    break;
            }
        }

        public (int Tile, StallReason Reason, long Ticks) TopWait() => _diskWaits.Count == 0
            ? (-1, StallReason.None, 0)
            : _diskWaits.Select(w => (w.Key.Tile, w.Key.Reason, w.Value)).OrderByDescending(w => w.Value).ThenBy(w => w.Tile).First();
    }
}
