namespace LayerStream.Models;

/// <summary>Which kind of mixer and of feed-forward network a layer has: the first rule that applies builds it.</summary>
internal static class BranchRules
{
    private static readonly BranchRule[] Mixers = [new(static _ => true, AttentionBuilder.Build)];

    private static readonly BranchRule[] FeedForwards =
    [
        new(static s => s.Reader.Has(s.Prefix + "ffn_gate_inp.weight"), Refuse("experts (ffn_gate_inp.weight)")),
        new(static _ => true, DenseFfnBuilder.Build),
    ];

    internal static BranchSpec? Mixer(LayerSite site) => First(Mixers, site);

    internal static BranchSpec? FeedForward(LayerSite site) => First(FeedForwards, site);

    private static BranchSpec? First(BranchRule[] rules, LayerSite site) => rules.First(r => r.Applies(site)).Build(site);

    private static Func<LayerSite, BranchSpec?> Refuse(string what) => site =>
    {
        site.Reader.Gap(what);
        return null;
    };

    /// <param name="Build">Reads the matrices in the order of their use; null after a gap.</param>
    private sealed record BranchRule(Func<LayerSite, bool> Applies, Func<LayerSite, BranchSpec?> Build);
}
