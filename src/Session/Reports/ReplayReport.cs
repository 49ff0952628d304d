using LayerStream.Formats.Routes;
using LayerStream.Planning.Experts;

namespace LayerStream.Session.Reports;

/// <summary>What policies would have hit on recorded routing.</summary>
/// <param name="Model">The model whose routing was recorded.</param>
/// <param name="Layers">Its layers with experts.</param>
/// <param name="Experts">Experts of a layer.</param>
/// <param name="Routed">Of them, those that a token is routed to.</param>
/// <param name="Tokens">Tokens recorded.</param>
/// <param name="WarmUpTokens">Of them, those not counted.</param>
/// <param name="Replays">A row for each policy and number of slots.</param>
public sealed record ReplayReport(
    string Model, int Layers, int Experts, int Routed, int Tokens, int WarmUpTokens, IReadOnlyList<PolicyReport> Replays)
{
    /// <summary>Of replays of a trace.</summary>
    public static ReplayReport Of(RouteTrace trace, IEnumerable<ReplayColumn> columns, int warmUpTokens) => new(
        trace.Header.Model, trace.Header.Layers, trace.Header.Experts, trace.Header.Routed, trace.Tokens, warmUpTokens,
        [.. columns.SelectMany(column => column.Rows.Keys.Select(name => PolicyReport.Of(trace.Header, column, name)))]);
}

/// <summary>One policy at one number of slots.</summary>
public sealed record PolicyReport
{
    /// <summary>Its name.</summary>
    public required string Policy { get; init; }

    /// <summary>Slots of each layer.</summary>
    public required int SlotsPerLayer { get; init; }

    /// <summary>Slots ÷ experts.</summary>
    public required double ResidencyShare { get; init; }

    /// <summary>Whether there are fewer slots than one token needs.</summary>
    public required bool BelowOneToken { get; init; }

    /// <summary>Routed experts.</summary>
    public required long Accesses { get; init; }

    /// <summary>Of them, found in memory.</summary>
    public required long Hits { get; init; }

    /// <summary>Hits per access.</summary>
    public required double HitRate { get; init; }

    /// <summary>Hit bytes per byte.</summary>
    public required double ByteHitRate { get; init; }

    /// <summary>Of what Belady's bound gains over per-layer LRU, its share; null where there is nothing to gain.</summary>
    public double? ShareOfBeladyGain { get; init; }

    /// <summary>The row of a policy.</summary>
    public static PolicyReport Of(RouteHeader header, ReplayColumn column, string name) => new()
    {
        Policy = name,
        SlotsPerLayer = column.Slots,
        ResidencyShare = (double)column.Slots / header.Experts,
        BelowOneToken = column.Slots < header.Routed,
        Accesses = column.Rows[name].Accesses,
        Hits = column.Rows[name].Hits,
        HitRate = column.Rows[name].HitRate,
        ByteHitRate = column.Rows[name].ByteHitRate,
        ShareOfBeladyGain = column.ShareOfGain(name),
    };
}
