using LayerStream.Kernels.Ops;
using LayerStream.Models.Architectures;

namespace LayerStream.Models.Building;

/// <summary>Reads how a layer chooses its experts.</summary>
internal static class RouterReader
{
    /// <summary>Values of <c>expert_gating_func</c>; 0 stands for "not stated".</summary>
    private static readonly RouterWeighting[] s_stated = [RouterWeighting.Softmax, RouterWeighting.Sigmoid, RouterWeighting.SelectedSoftmax,
        RouterWeighting.SqrtSoftplus];

    internal static RouterRule Read(LayerSite site, ExpertRouting routing)
    {
        SpecReader reader = site.Reader;
        int experts = reader.Integer("expert_count", 1, RouterRule.MaxExperts);
        int used = reader.PerLayer("expert_used_count", site.Index, null, 1, Math.Min(experts, RouterRule.MaxSelected));
        RouterWeighting weighting = Weighting(reader, routing);
        RouterRule rule = new()
        {
            Experts = experts,
            Selected = used,
            Weighting = weighting,
            SelectByLogit = routing.SelectsByLogit,
            GroupScore = weighting == RouterWeighting.Softmax ? RouterGroupScore.Best : RouterGroupScore.TwoBest,
            Normalise = routing.HasRoutingKeys ? reader.Flag("expert_weights_norm", false) : routing.Normalises,
        };
        return routing.HasRoutingKeys ? Grouped(reader, rule with { Scale = (float)reader.Factor("expert_weights_scale") }) : rule;
    }

    private static RouterWeighting Weighting(SpecReader reader, ExpertRouting routing)
    {
        int stated = routing.HasGatingKey ? reader.Integer("expert_gating_func", 0, 0, s_stated.Length) : 0;
        if (stated > 0)
        {
            return s_stated[stated - 1];
        }

        bool isSigmoid = routing.SigmoidVocabulary > 0 && reader.RowsOf("token_embd.weight") == routing.SigmoidVocabulary;
        return isSigmoid ? RouterWeighting.Sigmoid : routing.Weighting;
    }

    private static RouterRule Grouped(SpecReader reader, RouterRule rule)
    {
        const string Count = "expert_group_count", Kept = "expert_group_used_count";
        int groups = Math.Max(1, reader.Integer(Count, 1, 0, rule.Experts));
        if (rule.Experts % groups != 0)
        {
            throw reader.BadKey(Count, $"= {groups} does not divide {reader.Key("expert_count")} = {rule.Experts}");
        }

        int kept = groups == 1 ? 1 : reader.Integer(Kept, groups, 1, groups);
        return kept * (rule.Experts / groups) >= rule.Selected
            ? rule with { Groups = groups, KeptGroups = kept }
            : throw reader.BadKey(Kept,
            $"= {kept} groups of {rule.Experts / groups} do not hold {reader.Key("expert_used_count")} = {rule.Selected} experts");
    }
}
