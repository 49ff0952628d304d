namespace LayerStream.Actors.Tracing;

/// <summary>Requests of a trace with the passes that served them: those from its first pass on that lie within its time.</summary>
internal static class RequestAnalysis
{
    /// <summary>Every request whose passes are in the trace, in order of its end.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="passes">Its complete passes by start, with their figures.</param>
    public static IReadOnlyList<RequestTimes> Measure(TraceFile trace, IReadOnlyList<(TraceEvent Event, PassFigures Figures)> passes)
    {
        long origin = trace.Events.Length == 0 ? 0 : trace.Events.Min(e => e.StartTicks);
        long[] starts = [.. passes.Select(p => p.Event.StartTicks)];
        return [.. trace.Events.Where(e => e.Kind == TraceKind.Request && e.EndTicks > e.StartTicks).OrderBy(e => e.EndTicks)
            .Select(e => Measure(trace, e, Within(passes, starts, e), origin))];
    }

    private static IEnumerable<(TraceEvent Event, PassFigures Figures)> Within(
        IReadOnlyList<(TraceEvent Event, PassFigures Figures)> passes, long[] starts, TraceEvent request)
    {
        int first = Array.BinarySearch(starts, request.StartTicks);
        for (int i = first >= 0 ? first : ~first; i < passes.Count && starts[i] < request.EndTicks; i++)
        {
            TraceEvent pass = passes[i].Event;
            if (pass.Pass >= request.Pass && (pass.Sequence == 0 || request.Sequence == 0 || pass.Sequence == request.Sequence))
            {
                yield return passes[i];
            }
        }
    }

    private static RequestTimes Measure(TraceFile trace, TraceEvent request, IEnumerable<(TraceEvent Event, PassFigures Figures)> within,
        long origin)
    {
        (TraceEvent Event, PassFigures Figures)[] own = [.. within];
        double wall = trace.Milliseconds(request.EndTicks - request.StartTicks);
        bool isWhole = own.Length > 0 && own[0].Event.Pass == request.Pass; // else its first passes are overwritten
        double queued = !isWhole ? 0 : trace.Milliseconds(own[0].Event.StartTicks - request.StartTicks);
        double prompt = own.Where(p => p.Event.Kind == TraceKind.Prompt).Sum(p => p.Figures.WallMs);
        double decode = own.Where(p => p.Event.Kind == TraceKind.Token).Sum(p => p.Figures.WallMs);
        return new RequestTimes
        {
            Sequence = request.Sequence,
            FirstPass = request.Pass,
            CameAtMs = trace.Milliseconds(request.StartTicks - origin),
            WallMs = wall,
            QueuedMs = queued,
            PromptMs = prompt,
            DecodeMs = decode,
            PromptRows = own.Where(p => p.Event.Kind == TraceKind.Prompt).Sum(p => p.Event.Rows),
            Tokens = request.Rows,
            Passes = own.Length,
            DiskMs = own.Sum(p => p.Figures.StallMs.Where(s => s.Key.StartsWith("disk_", StringComparison.Ordinal)).Sum(s => s.Value)),
            MostlyIn = !isWhole ? RequestTimes.Unknown : queued >= Math.Max(prompt, decode) ? "queue"
                : prompt >= decode ? "prompt" : "answer",
        };
    }
}
