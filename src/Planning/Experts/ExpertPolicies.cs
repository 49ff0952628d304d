namespace LayerStream.Planning.Experts;

/// <summary>A policy by name.</summary>
/// <param name="Name">As given to --policy and --expert-policy.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Create">Makes an empty cache.</param>
/// <param name="OneByOne">A replay touches its experts one by one, as textbooks do; the others see a token's experts at once.</param>
public sealed record ExpertPolicyRow(string Name, string Summary, Func<ExpertCacheShape, IExpertPolicy> Create, bool OneByOne = false);

/// <summary>The expert policies: one row for each.</summary>
public static class ExpertPolicies
{
    /// <summary>The baseline of every comparison.</summary>
    public const string Baseline = "lru";

    /// <summary>What the program uses when none is named.</summary>
    public const string Default = "forecast-shared";

    /// <summary>All rows.</summary>
    public static IReadOnlyList<ExpertPolicyRow> All { get; } =
    [
        new(Baseline, "least recently used, per layer, expert by expert", s => new LruPolicy(s), OneByOne: true),
        new("lru-token", "least recently used, per layer; a token does not displace its own experts", s => new LruPolicy(s)),
        new("lfu", "least frequently used with ageing, per layer", s => new LfuPolicy(s)),
        new("decay", "decayed use with admission, per layer", s => new DecayPolicy(s, shared: false)),
        new("decay-shared", "decayed use with admission, slots shared by all layers", s => new DecayPolicy(s, shared: true)),
        new("forecast", "decayed use and similar tokens, with admission, per layer", s => new ForecastPolicy(s, shared: false)),
        new(Default, "decayed use and similar tokens, with admission, slots shared by all layers",
            s => new ForecastPolicy(s, shared: true)),
    ];

    /// <summary>The row of a name, or null.</summary>
    public static ExpertPolicyRow? Find(string name) => All.FirstOrDefault(r => r.Name == name);
}
