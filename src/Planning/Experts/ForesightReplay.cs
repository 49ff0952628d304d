using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Experts;

/// <summary>
/// A cache that knows the routing of the next n tokens for certain and beyond them values experts by their past (<see cref="UseHistory"/>),
/// or by how often the whole trace uses them, what is still to come included. A yardstick, not a bound: with better guesses beyond its
/// sight, or shared slots, a policy may pass it. Slots per layer.
/// </summary>
public static class ForesightReplay
{
    /// <summary>Counts its hits.</summary>
    /// <param name="trace">Recorded routing.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="sightTokens">Tokens it sees ahead, n.</param>
    /// <param name="warmUpTokens">Tokens not counted.</param>
    /// <param name="knowsPopularity">Beyond its sight it knows the uses in the whole trace, instead of the past.</param>
    public static ReplayCounts Run(RouteTrace trace, ExpertCacheShape shape, int sightTokens, int warmUpTokens = 0,
        bool knowsPopularity = false)
    {
        int experts = trace.Header.Experts;
        Queue<int>[] uses = [.. Enumerable.Range(0, shape.Layers * experts).Select(_ => new Queue<int>())];
        foreach (RouteTouch touch in trace.Touches)
        {
            foreach (int expert in trace.Experts(touch))
            {
                uses[(touch.Layer * experts) + expert].Enqueue(touch.Token);
            }
        }

        int[] popularity = [.. uses.Select(u => u.Count)];
        UseHistory history = new(shape.Layers, experts);
        float[] values = new float[experts];
        HashSet<int>[] kept = [.. Enumerable.Range(0, shape.Layers).Select(_ => new HashSet<int>())];
        ReplayCounts counts = default;
        foreach (RouteTouch touch in trace.Touches)
        {
            int[] routed = trace.Experts(touch).ToArray();
            foreach (int expert in routed)
            {
                uses[(touch.Layer * experts) + expert].Dequeue();
                counts = touch.Token >= warmUpTokens ? counts.With(kept[touch.Layer].Contains(expert),
                    trace.Header.ExpertBytes[touch.Layer]) : counts;
            }

            history.Touch(touch.Layer, routed, values);
            for (int e = 0; e < experts && knowsPopularity; e++)
            {
                values[e] = popularity[(touch.Layer * experts) + e];
            }

            double Value(int expert) => uses[(touch.Layer * experts) + expert].TryPeek(out int next) && next - touch.Token <= sightTokens
                ? 1e6 - next
                : values[expert];
            kept[touch.Layer] = [.. kept[touch.Layer].Union(routed).OrderByDescending(Value).ThenBy(e => e)
                .Take(shape.SlotsPerLayer[touch.Layer])];
        }

        return counts;
    }
}
