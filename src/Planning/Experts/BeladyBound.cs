using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Experts;

/// <summary>
/// Belady's MIN with bypass (Belady 1966): the hit rate of a cache that knows the future, which no policy of the same slots exceeds.
/// </summary>
public static class BeladyBound
{
    /// <summary>Counts the hits of the bound.</summary>
    /// <param name="trace">Recorded routing.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="shared">Whether layers share their slots.</param>
    /// <param name="warmUpTokens">Tokens not counted.</param>
    public static ReplayCounts Run(RouteTrace trace, ExpertCacheShape shape, bool shared, int warmUpTokens = 0)
    {
        int experts = trace.Header.Experts;
        int[] next = NextUses(trace);
        int pools = shared ? 1 : shape.Layers;
        SortedSet<(int Next, int Key)>[] kept = [.. Enumerable.Range(0, pools).Select(_ => new SortedSet<(int, int)>())];
        int[] nextOf = new int[shape.Layers * experts]; // 0 = not kept
        ReplayCounts counts = default;
        for (int t = 0; t < trace.Touches.Count; t++)
        {
            RouteTouch touch = trace.Touches[t];
            int pool = shared ? 0 : touch.Layer;
            int slots = shared ? shape.SlotsPerLayer.Sum() : shape.SlotsPerLayer[touch.Layer];
            ReadOnlySpan<int> routed = trace.Experts(touch);
            for (int i = 0; i < routed.Length; i++)
            {
                int key = (touch.Layer * experts) + routed[i];
                bool hit = kept[pool].Remove((nextOf[key], key));
                nextOf[key] = 0;
                counts = touch.Token >= warmUpTokens ? counts.With(hit, trace.Header.ExpertBytes[touch.Layer]) : counts;
            }

            // All of a token's experts are at hand before any is chosen to stay.
            for (int i = 0; i < routed.Length; i++)
            {
                Keep(kept[pool], nextOf, next[touch.Begin + i], (touch.Layer * experts) + routed[i], slots);
            }
        }

        return counts;
    }

    private static void Keep(SortedSet<(int Next, int Key)> kept, int[] nextOf, int next, int key, int slots)
    {
        if (next == int.MaxValue)
        {
            return;
        }

        if (kept.Count == slots)
        {
            if (slots == 0 || kept.Max.Next <= next)
            {
                return;
            }

            nextOf[kept.Max.Key] = 0;
            kept.Remove(kept.Max);
        }

        kept.Add((next, key));
        nextOf[key] = next;
    }

    /// <summary>For each access, the touch (from 1) that uses the same expert of the same layer next; int.MaxValue = none.</summary>
    private static int[] NextUses(RouteTrace trace)
    {
        int[] next = new int[trace.Accesses];
        int[] seen = new int[trace.Header.Layers * trace.Header.Experts];
        Array.Fill(seen, int.MaxValue);
        for (int t = trace.Touches.Count - 1; t >= 0; t--)
        {
            RouteTouch touch = trace.Touches[t];
            ReadOnlySpan<int> routed = trace.Experts(touch);
            for (int i = 0; i < routed.Length; i++)
            {
                int key = (touch.Layer * trace.Header.Experts) + routed[i];
                next[touch.Begin + i] = seen[key];
                seen[key] = t + 1;
            }
        }

        return next;
    }
}
