namespace LayerStream.Models.Spec;

/// <summary>Lossy: a model that uses fewer experts per token than it was trained with.</summary>
public static class FewerExperts
{
    /// <summary>
    /// The model with at most <paramref name="most"/> experts per token in every layer: the best by the family's own choice, weighted by
    /// the family's own rule as if the file stated that number. So a family that normalises does so over the fewer experts, and one that
    /// does not leaves the weights as they are. Layers that use no more stay as they are.
    /// </summary>
    /// <exception cref="LossyOptionException">The model has no experts, or none of its layers uses as many.</exception>
    public static ModelSpec Apply(ModelSpec spec, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        int own = MostUsed(spec);
        if (own < most)
        {
            throw new LossyOptionException(own == 0
                ? "Fewer experts per token need a model with experts; this one has none."
                : $"{most} experts per token are asked for, but the model's own number is {own}; only fewer can be chosen.");
        }

        return spec with
        {
            Layers = [.. spec.Layers.Select(l =>
                l with { Branches = [.. l.Branches.Select(b => b.Body is ExpertFfnSpec e ? b with { Body = Limit(e, most) } : b)] })],
            ExpertBanks = [.. spec.ExpertBanks.Select(b => Limit(b, most))],
        };
    }

    /// <summary>Experts per token in the layer that uses most; 0 without experts.</summary>
    public static int MostUsed(ModelSpec spec) => spec.ExpertBanks.Select(b => b.Used).DefaultIfEmpty(0).Max();

    private static ExpertFfnSpec Limit(ExpertFfnSpec spec, int most) =>
        spec with { Rule = spec.Rule with { Selected = Math.Min(most, spec.Rule.Selected) }, Bank = Limit(spec.Bank, most) };

    private static ExpertBank Limit(ExpertBank bank, int most) => bank with { Used = Math.Min(most, bank.Used) };
}
