using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Which kind of mixer and of feed-forward network a layer has: the first rule that applies builds it.</summary>
internal static class BranchRules
{
    private static readonly BranchRule[] s_mixers =
    [
        new(static s => s.Kinds.IsRecurrent(s.Index), DeltaNetBuilder.Build),
        new(static s => s.Row.HasLatentAttention, LatentAttentionBuilder.Build),
        new(static _ => true, AttentionBuilder.Build),
    ];

    private static readonly BranchRule[] s_feedForwards =
    [
        new(static s => s.Reader.Has(s.Prefix + "ffn_gate_inp.weight"), ExpertFfnBuilder.Build),
        new(static _ => true, static s => DenseFfnBuilder.Build(s)),
    ];

    internal static BranchSpec? Mixer(LayerSite site) => First(s_mixers, site);

    internal static BranchSpec? FeedForward(LayerSite site) => First(s_feedForwards, site);

    private static BranchSpec? First(BranchRule[] rules, LayerSite site) => rules.First(r => r.Applies(site)).Build(site);

    /// <param name="Build">Reads the matrices in the order of their use; null after a gap.</param>
    private sealed record BranchRule(Func<LayerSite, bool> Applies, Func<LayerSite, BranchSpec?> Build);
}
