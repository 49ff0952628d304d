using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Experts;

/// <summary>
/// What a layer's k-th expert slot is worth: experts of a token that it keeps from being read. Falling in k, so that a greedy choice over
/// many curves is the best one.
/// </summary>
public sealed class HitCurve
{
    /// <summary>Exponent of the popularity of experts when no trace is known: within 9 points of the replayed hit rates of three
    /// models.</summary>
    public const double PriorExponent = 1.0;

    private readonly double[] _marginal;

    private HitCurve(double[] marginal) => _marginal = marginal;

    /// <summary>Hits per token that the k-th slot adds, k from 0.</summary>
    public IReadOnlyList<double> Marginal => _marginal;

    /// <summary>Hits per token of a number of slots.</summary>
    public double HitsPerToken(int slots) => _marginal.Take(slots).Sum();

    /// <summary>The curve through measured points; where it is not concave its upper hull, which a cache with admission earns.</summary>
    /// <param name="hitsPerToken">Hits per token of 0, 1, 2, … slots; the first is 0.</param>
    public static HitCurve FromMeasured(ReadOnlySpan<double> hitsPerToken)
    {
        List<int> hull = [];
        for (int k = 0; k < hitsPerToken.Length; k++)
        {
            while (hull.Count >= 2 && Slope(hitsPerToken, hull[^2], hull[^1]) <= Slope(hitsPerToken, hull[^1], k))
            {
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(k);
        }

        double[] marginal = new double[Math.Max(0, hitsPerToken.Length - 1)];
        for (int h = 1; h < hull.Count; h++)
        {
            double slope = Math.Max(0, Slope(hitsPerToken, hull[h - 1], hull[h]));
            marginal.AsSpan(hull[h - 1], hull[h] - hull[h - 1]).Fill(slope);
        }

        return new HitCurve(marginal);
    }

    /// <summary>
    /// Without a trace: experts are used with probability min(1, c / rank^s), c such that K of E are used by a token, and the k best are
    /// kept.
    /// </summary>
    public static HitCurve Prior(int experts, int routed, double exponent = PriorExponent)
    {
        double low = 0, high = Math.Pow(experts, exponent) + 1;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            double used = 0;
            for (int rank = 1; rank <= experts; rank++)
            {
                used += Math.Min(1, middle * Math.Pow(rank, -exponent));
            }

            (low, high) = used < routed ? (middle, high) : (low, middle);
        }

        double scale = high;
        return new HitCurve([.. Enumerable.Range(1, experts).Select(rank => Math.Min(1, scale * Math.Pow(rank, -exponent)))]);
    }

    /// <summary>Per layer: the curve measured by replaying a policy at every number of slots given, straight lines between.</summary>
    public static HitCurve[] FromTrace(RouteTrace trace, ExpertPolicyRow row, ReadOnlySpan<int> slotCounts)
    {
        int layers = trace.Header.Layers, experts = trace.Header.Experts;
        double[][] hits = [.. Enumerable.Range(0, layers).Select(_ => new double[experts + 1])];
        double[] before = new double[layers];
        int from = 0;
        foreach (int slots in slotCounts)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(slots, from);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(slots, experts);
            double[] measured = ExpertReplay.HitsPerToken(trace, row, ExpertCacheShape.Even(layers, experts, trace.Header.Routed, slots));
            for (int layer = 0; layer < layers; layer++)
            {
                for (int k = from + 1; k <= slots; k++)
                {
                    hits[layer][k] = before[layer] + ((measured[layer] - before[layer]) * (k - from) / (slots - from));
                }
            }

            (before, from) = (measured, slots);
        }

        for (int layer = 0; layer < layers; layer++)
        {
            hits[layer].AsSpan(from + 1).Fill(before[layer]);
        }

        return [.. hits.Select(h => FromMeasured(h))];
    }

    private static double Slope(ReadOnlySpan<double> y, int a, int b) => (y[b] - y[a]) / (b - a);
}
