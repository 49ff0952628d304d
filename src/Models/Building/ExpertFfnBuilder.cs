using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads <see cref="ExpertFfnSpec"/> off a layer: its router and the network beside the experts stream, the experts come on
/// demand.</summary>
internal static class ExpertFfnBuilder
{
    private static readonly string[] s_sharedTensors = ["ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp", "ffn_gate_inp_shexp"];

    internal static BranchSpec? Build(LayerSite site)
    {
        SpecReader reader = site.Reader;
        string p = site.Prefix;
        if (site.Row.Experts is not { } routing)
        {
            reader.Gap($"experts in the family '{site.Row.Name}'");
            return null;
        }

        RouterRule rule = RouterReader.Read(site, routing);
        bool isParallel = routing.HasParallelNetwork;
        WeightMatrix? router = site.Matrix("ffn_gate_inp", site.Width, rule.Experts, hasScale: !isParallel);
        bool isShared = s_sharedTensors.Any(t => reader.Has(p + t + ".weight"));
        DenseFfnSpec? shared = isParallel ? DenseFfnBuilder.Build(site) : isShared ? DenseFfnBuilder.Build(site, "_shexp") : null;
        SmallWeight? sharedGate = isShared && routing.HasSharedGate ? reader.Small(p + "ffn_gate_inp_shexp.weight", site.Width) : null;
        ExpertNorms? norms = isParallel ? Norms(site) : null;
        ExpertBank? bank = Bank(site, rule);
        if (router is null || bank is null || ((isParallel || isShared) && shared is null) || (isParallel && norms is null))
        {
            return null;
        }

        return new ExpertFfnSpec
        {
            Router = router,
            Rule = rule,
            SelectionBias = reader.OptionalSmall(p + "exp_probs_b.bias", rule.Experts),
            Bank = bank,
            Width = bank.Matrices[^1].Columns,
            Activation = site.Row.Activation,
            WeightsInput = routing.WeightsInput,
            Shared = shared,
            SharedGate = sharedGate,
            Norms = norms,
        };
    }

    private static ExpertNorms? Norms(LayerSite site)
    {
        SmallWeight? Norm(string name) => site.Reader.Small(site.Prefix + name, site.Width);
        SmallWeight? router = Norm("ffn_gate_inp.scale"), sharedBefore = Norm(site.Row.FfnNorm + ".weight"),
            sharedAfter = Norm("post_ffw_norm_1.weight");
        SmallWeight? before = Norm("pre_ffw_norm_2.weight"), after = Norm("post_ffw_norm_2.weight");
        return router is null || sharedBefore is null || sharedAfter is null || before is null || after is null
            ? null : new ExpertNorms(router, sharedBefore, sharedAfter, before, after);
    }

    private static ExpertBank? Bank(LayerSite site, RouterRule rule)
    {
        SpecReader reader = site.Reader;
        string p = site.Prefix;
        bool isFused = reader.Has(p + "ffn_gate_up_exps.weight");
        ExpertMatrix? gate = reader.Experts(p + (isFused ? "ffn_gate_up_exps" : "ffn_gate_exps"), p + "ffn_gate", site.Width, 0,
            rule.Experts);
        ExpertMatrix? up = isFused ? gate : reader.Experts(p + "ffn_up_exps", p + "ffn_up", site.Width, gate?.Rows ?? 0, rule.Experts);
        int width = (up?.Rows ?? 0) / (isFused ? 2 : 1);
        if (up is not null && (width is < 1 or > DenseFfnBuilder.MostWidth || (isFused && up.Rows % 2 != 0)))
        {
            throw reader.Bad($"tensor {up.Tensors[0].Name} has {up.Rows} rows per expert, which "
                + $"{(isFused ? "do not halve into gate and up" : "are out of range")}", up.Tensors[0].Extent.Offset);
        }

        string stack = p + "ffn_down_exps", single = p + "ffn_down";
        long downColumns = up is null ? reader.ExpertColumns(stack, single) : width;
        ExpertMatrix? down = reader.Experts(stack, single, downColumns, site.Width, rule.Experts);
        return gate is null || up is null || down is null
            ? null : reader.Bank(site.Index, rule.Experts, rule.Selected, isFused ? [gate, down] : [gate, up, down]);
    }
}
