using LayerStream.Kernels.Ops;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class RouterTests
{
    public static TheoryData<RouterWeighting, bool, int, int, int, int> Rules()
    {
        var rules = new TheoryData<RouterWeighting, bool, int, int, int, int>();
        foreach (RouterWeighting weighting in Enum.GetValues<RouterWeighting>())
        {
            foreach ((int experts, int selected, int groups, int kept) in new[]
                { (1, 1, 1, 1), (8, 2, 1, 1), (8, 8, 1, 1), (128, 8, 1, 1), (256, 8, 8, 4), (160, 6, 8, 3), (1024, 64, 1, 1),
                    (60, 4, 60, 7), (33, 5, 3, 2) })
            {
                rules.Add(weighting, false, experts, selected, groups, kept);
                rules.Add(weighting, true, experts, selected, groups, kept);
            }
        }

        return rules;
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Select_AnyRule_MatchesPlainReference(RouterWeighting weighting, bool normalise, int experts, int selected,
        int groups, int kept)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var rule = new RouterRule
            {
                Experts = experts,
                Selected = selected,
                Weighting = weighting,
                Normalise = normalise,
                SelectByLogit = seed % 3 == 1,
                Groups = groups,
                KeptGroups = kept,
                GroupScore = seed % 2 == 0 ? RouterGroupScore.TwoBest : RouterGroupScore.Best,
                Scale = 2.5f,
            };
            rule.Validate();
            using GuardedFloats logits = GuardedFloats.Random(seed, experts, 4);
            using GuardedFloats bias = GuardedFloats.Random(seed + 50, experts, 0.3);
            using var scratch = new GuardedFloats(rule.ScratchFloats);
            scratch.Span.Fill(float.NaN);
            bool biased = seed % 4 < 2;
            var ids = new int[selected];
            var weights = new float[selected];
            Assert.True(Router.Select(rule, logits.Address, biased ? bias.Address : 0, ids, weights, scratch.Address));
            (int[] expectedIds, double[] expectedWeights) = Reference(rule, logits.Span.ToArray(),
                biased ? bias.Span.ToArray() : new float[experts]);
            Assert.Equal(expectedIds, ids);
            for (int i = 0; i < selected; i++)
            {
                Assert.InRange(Math.Abs(weights[i] - expectedWeights[i]), 0, 2e-6 * expectedWeights[i]);
            }
        }
    }

    [Fact]
    public void Select_Ties_GoToTheLowerIndex()
    {
        var rule = new RouterRule { Experts = 12, Selected = 3, Weighting = RouterWeighting.Sigmoid, Groups = 4, KeptGroups = 2 };
        (int[] ids, _, bool ok) = Run(rule, new float[12]);
        Assert.True(ok);
        Assert.Equal([0, 1, 2], ids);
        (ids, _, _) = Run(rule with { Groups = 1, KeptGroups = 1 }, [0, 5, 0, 5, 0, 5, 0, 5, 0, 5, 0, 6]);
        Assert.Equal([11, 1, 3], ids);
    }

    [Fact]
    public void Select_SaturatedSigmoidByLogit_KeepsTheOrderOfTheLogits()
    {
        var rule = new RouterRule { Experts = 4, Selected = 1, Weighting = RouterWeighting.Sigmoid, SelectByLogit = true };
        (int[] ids, float[] weights, _) = Run(rule, [30, 50, 40, 20]);
        Assert.Equal([1], ids);
        Assert.Equal([1f], weights);
        (ids, _, _) = Run(rule with { SelectByLogit = false }, [30, 50, 40, 20]);
        Assert.Equal([0], ids); // all weights are 1
    }

    [Fact]
    public void Select_SelectionBias_IsNotInTheWeights()
    {
        var rule = new RouterRule { Experts = 3, Selected = 1, Weighting = RouterWeighting.Sigmoid };
        using var bias = new GuardedFloats([0f, 0f, 5f]);
        (int[] ids, float[] weights, _) = Run(rule, [1, 0, -1], bias.Address);
        Assert.Equal([2], ids);
        Assert.Equal(1 / (1 + Math.E), weights[0], 1e-7);
    }

    [Fact]
    public void Select_UnderflowedSigmoids_NormaliseToZeroNotNan()
    {
        var rule = new RouterRule { Experts = 4, Selected = 2, Weighting = RouterWeighting.Sigmoid, Normalise = true };
        (int[] ids, float[] weights, bool ok) = Run(rule, [-300, -300, -300, -300]);
        Assert.True(ok);
        Assert.Equal([0, 1], ids);
        Assert.Equal([0f, 0f], weights);
    }

    [Fact]
    public void Select_NotFinite_FailsTheSameWayForEveryWeighting()
    {
        foreach (RouterWeighting weighting in Enum.GetValues<RouterWeighting>())
        {
            foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                for (int at = 0; at < 16; at++)
                {
                    var logits = new float[16];
                    logits[at] = bad;
                    var rule = new RouterRule
                    {
                        Experts = 16,
                        Selected = 3,
                        Weighting = weighting,
                        Groups = 4,
                        KeptGroups = 2,
                        Normalise = true
                    };
                    (int[] ids, float[] weights, bool ok) = Run(rule, logits);
                    Assert.False(ok);
                    Assert.Equal([0, 1, 2], ids);
                    Assert.All(weights, w => Assert.True(float.IsNaN(w)));
                }
            }
        }
    }

    [Fact]
    public void Select_LargeLogits_DoNotOverflow()
    {
        foreach (RouterWeighting weighting in Enum.GetValues<RouterWeighting>())
        {
            var rule = new RouterRule { Experts = 4, Selected = 2, Weighting = weighting, Normalise = true };
            (int[] ids, float[] weights, bool ok) = Run(rule, [-1e30f, 1e30f, 0, 1]);
            Assert.True(ok);
            Assert.Equal(1, ids[0]);
            Assert.Equal(1.0, weights.Sum(w => (double)w), 1e-6);
        }
    }

    [Theory]
    [InlineData(0, 1, 1, 1)]
    [InlineData(8, 0, 1, 1)]
    [InlineData(8, 9, 1, 1)]
    [InlineData(1025, 4, 1, 1)]
    [InlineData(1024, 65, 1, 1)]
    [InlineData(8, 2, 3, 1)]
    [InlineData(8, 2, 0, 0)]
    [InlineData(8, 2, 4, 5)]
    [InlineData(8, 5, 4, 2)]
    public void Validate_NumbersThatDoNotFit_Throw(int experts, int selected, int groups, int kept) =>
        Assert.Throws<ArgumentException>(
            () => new RouterRule
            {
                Experts = experts,
                Selected = selected,
                Weighting = RouterWeighting.Softmax,
                Groups = groups,
                KeptGroups = kept
            }.Validate());

    private static (int[] Ids, float[] Weights, bool Ok) Run(RouterRule rule, float[] values, nint bias = 0)
    {
        rule.Validate();
        using var logits = new GuardedFloats(values);
        using var scratch = new GuardedFloats(rule.ScratchFloats);
        var ids = new int[rule.Selected];
        var weights = new float[rule.Selected];
        bool ok = Router.Select(rule, logits.Address, bias, ids, weights, scratch.Address);
        return (ids, weights, ok);
    }

    private static (int[] Ids, double[] Weights) Reference(RouterRule rule, float[] logits, float[] bias)
    {
        double largest = logits.Max();
        double total = logits.Sum(l => Math.Exp(l - largest));
        double[] p = [.. logits.Select(l => rule.Weighting switch
        {
            RouterWeighting.Softmax => Math.Exp(l - largest) / total,
            RouterWeighting.Sigmoid => 1 / (1 + Math.Exp(-l)),
            RouterWeighting.SqrtSoftplus => Math.Sqrt(Math.Log(1 + Math.Exp(l))),
            _ => l,
        })];
        bool byLogit = rule.SelectByLogit || rule.Weighting == RouterWeighting.SelectedSoftmax;
        double[] score = [.. p.Select((x, e) => (byLogit ? logits[e] : x) + bias[e])];
        int size = rule.Experts / rule.Groups;
        int take = rule.GroupScore == RouterGroupScore.Best ? 1 : 2;
        HashSet<int> keep = [.. Enumerable.Range(0, rule.Groups)
            .OrderByDescending(g => score.Skip(g * size).Take(size).OrderDescending().Take(take).Sum()).Take(rule.KeptGroups)];
        int[] ids = [.. Enumerable.Range(0, rule.Experts).Where(e => keep.Contains(e / size)).OrderByDescending(e => score[e])
            .Take(rule.Selected)];
        double[] weights = [.. ids.Select(e => p[e])];
        if (rule.Weighting == RouterWeighting.SelectedSoftmax)
        {
            double sum = weights.Sum(Math.Exp);
            weights = [.. weights.Select(w => Math.Exp(w) / sum)];
        }

        double divisor = rule.Normalise ? weights.Sum() : 1;
        return (ids, [.. weights.Select(w => w / divisor * rule.Scale)]);
    }
}
