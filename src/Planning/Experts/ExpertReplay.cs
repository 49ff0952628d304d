using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Experts;

/// <summary>What a replay counted.</summary>
/// <param name="Accesses">Routed experts.</param>
/// <param name="Hits">Of them, resident.</param>
/// <param name="Bytes">Bytes of the routed experts.</param>
/// <param name="HitBytes">Of them, not read.</param>
public readonly record struct ReplayCounts(long Accesses, long Hits, long Bytes, long HitBytes)
{
    /// <summary>Hits per access.</summary>
    public double HitRate => Accesses == 0 ? 0 : (double)Hits / Accesses;

    /// <summary>Hit bytes per byte.</summary>
    public double ByteHitRate => Bytes == 0 ? 0 : (double)HitBytes / Bytes;

    internal ReplayCounts With(in ReplayCounts other) =>
        new(Accesses + other.Accesses, Hits + other.Hits, Bytes + other.Bytes, HitBytes + other.HitBytes);

    internal ReplayCounts With(bool hit, long bytes) =>
        new(Accesses + 1, Hits + (hit ? 1 : 0), Bytes + bytes, HitBytes + (hit ? bytes : 0));
}

/// <summary>Runs a policy over recorded routing. The cache begins empty; the first <c>warmUpTokens</c> run through it uncounted.</summary>
public static class ExpertReplay
{
    /// <summary>Replays one policy.</summary>
    public static ReplayCounts Run(RouteTrace trace, ExpertPolicyRow row, ExpertCacheShape shape, int warmUpTokens = 0) =>
        Run(trace, row.Create(shape), row.OneByOne, warmUpTokens);

    /// <summary>Replays a cache as it is.</summary>
    public static ReplayCounts Run(RouteTrace trace, IExpertPolicy policy, bool oneByOne = false, int warmUpTokens = 0)
    {
        ReplayCounts total = default;
        foreach (ReplayCounts layer in RunLayers(trace, policy, oneByOne, warmUpTokens))
        {
            total = total.With(layer);
        }

        return total;
    }

    /// <summary>Per layer: mean hits of a token.</summary>
    public static double[] HitsPerToken(RouteTrace trace, ExpertPolicyRow row, ExpertCacheShape shape) =>
        [.. RunLayers(trace, row.Create(shape), row.OneByOne, 0).Select(c => (double)c.Hits / trace.Tokens)];

    private static ReplayCounts[] RunLayers(RouteTrace trace, IExpertPolicy policy, bool oneByOne, int warmUpTokens)
    {
        ReplayCounts[] counts = new ReplayCounts[trace.Header.Layers];
        bool[] hits = new bool[trace.Header.Experts];
        int token = -1;
        foreach (RouteTouch touch in trace.Touches)
        {
            if (touch.Token != token)
            {
                token = touch.Token;
                policy.Begin();
            }

            ReadOnlySpan<int> experts = trace.Experts(touch);
            ReadOnlySpan<float> weights = trace.Weights(touch);
            int step = oneByOne ? 1 : experts.Length;
            for (int i = 0; i < experts.Length; i += step)
            {
                Token(policy, touch.Layer, experts.Slice(i, step), weights.Slice(i, step), hits.AsSpan(i, step));
            }

            for (int i = 0; i < experts.Length && token >= warmUpTokens; i++)
            {
                counts[touch.Layer] = counts[touch.Layer].With(hits[i], trace.Header.ExpertBytes[touch.Layer]);
            }
        }

        return counts;
    }

    private static void Token(IExpertPolicy policy, int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, Span<bool> hits)
    {
        policy.Touch(layer, experts, weights, hits);
        for (int i = 0; i < experts.Length; i++)
        {
            if (!hits[i])
            {
                policy.Admit(layer, experts[i]);
            }
        }
    }
}
