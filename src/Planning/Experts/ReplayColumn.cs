using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Experts;

/// <summary>Policies and bounds at one number of slots.</summary>
/// <param name="Slots">Slots per layer; shared policies have as many times the layers.</param>
/// <param name="Rows">Counts by policy, then of caches that see some tokens ahead, then of Belady's bound.</param>
public sealed record ReplayColumn(int Slots, IReadOnlyDictionary<string, ReplayCounts> Rows)
{
    /// <summary>Name of the bound with slots per layer.</summary>
    public const string Bound = "belady";

    /// <summary>Name of the bound with slots shared by all layers.</summary>
    public const string SharedBound = "belady-shared";

    /// <summary>Name of the row that knows how often the whole trace uses each expert, and keeps the most used.</summary>
    public const string Popular = "popularity";

    /// <summary>Name of the row that knows this and the next token.</summary>
    public const string PopularSight = "popularity + 1";

    /// <summary>Tokens of foresight shown beside the bounds; none of them is known to a policy.</summary>
    public static IReadOnlyList<int> SightTokens { get; } = [1, 2, 4];

    /// <summary>Name of the row that sees some tokens ahead.</summary>
    public static string Sight(int tokens) => $"sees {tokens} ahead";

    /// <summary>Replays every policy given and the baseline.</summary>
    public static ReplayColumn Measure(RouteTrace trace, int slots, IEnumerable<ExpertPolicyRow> policies, int warmUpTokens = 0)
    {
        RouteHeader header = trace.Header;
        ExpertCacheShape shape = ExpertCacheShape.Even(header.Layers, header.Experts, header.Routed, slots);
        OrderedDictionary<string, ReplayCounts> rows = [];
        foreach (ExpertPolicyRow policy in policies.Prepend(ExpertPolicies.Find(ExpertPolicies.Baseline)!).Distinct())
        {
            rows.Add(policy.Name, ExpertReplay.Run(trace, policy, shape, warmUpTokens));
        }

        foreach (int tokens in SightTokens)
        {
            rows.Add(Sight(tokens), ForesightReplay.Run(trace, shape, tokens, warmUpTokens));
        }

        rows.Add(Popular, ForesightReplay.Run(trace, shape, 0, warmUpTokens, knowsPopularity: true));
        rows.Add(PopularSight, ForesightReplay.Run(trace, shape, 1, warmUpTokens, knowsPopularity: true));
        rows.Add(Bound, BeladyBound.Run(trace, shape, shared: false, warmUpTokens));
        rows.Add(SharedBound, BeladyBound.Run(trace, shape, shared: true, warmUpTokens));
        return new ReplayColumn(slots, rows);
    }

    /// <summary>Of what Belady's per-layer bound gains over the baseline, the share that a row gains; null where there is nothing to
    /// gain.</summary>
    public double? ShareOfGain(string name)
    {
        double baseline = Rows[ExpertPolicies.Baseline].HitRate, gain = Rows[Bound].HitRate - baseline;
        return gain > 1e-9 ? (Rows[name].HitRate - baseline) / gain : null;
    }
}
