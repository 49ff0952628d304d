using LayerStream.Formats.Routes;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning.Tests;

/// <summary>Policies, prior and synthetic routing against recorded routing of three models.</summary>
public sealed class RecordedRoutingTests
{
    /// <summary>Per trace, at 4, 8, 15, 31 and 61 of 128 slots: the least share (%) of Belady's gain that the default policy
    /// earns.</summary>
    [Theory]
    [InlineData("qwen", new[] { 62, 37, 34, 31, 60 })]
    [InlineData("gptoss", new[] { 24, 14, 13, 16, 90 })]
    [InlineData("gemma", new[] { 64, 43, 34, 25, 60 })]
    public void DefaultPolicy_OnARecordedTrace_EarnsItsShareOfBeladysGain(string name, int[] leastShares)
    {
        RouteTrace trace = SharedTraces.Load(name);
        for (int i = 0; i < leastShares.Length; i++)
        {
            ReplayColumn column = ReplayColumn.Measure(trace, SharedTraces.Slots[i], ExpertPolicies.All);
            double share = column.ShareOfGain(ExpertPolicies.Default)!.Value;
            Assert.True(100 * share >= leastShares[i], $"{name}, {SharedTraces.Slots[i]} slots: {share:P1}");
            Assert.True(column.Rows[ReplayColumn.SharedBound].Hits >= column.Rows[ReplayColumn.Bound].Hits);
            double most = ExpertPolicies.All.Max(p => column.Rows[p.Name].HitRate);
            Assert.True(column.Rows[ExpertPolicies.Default].HitRate >= most - 0.02,
                $"{name}, {SharedTraces.Slots[i]} slots: another policy hits {most:P1}");
        }
    }

    /// <summary>At 12 and 24 % residency, knowing the whole next token and the past does not earn 60 % of Belady's gain.</summary>
    [Theory]
    [InlineData("qwen")]
    [InlineData("gptoss")]
    [InlineData("gemma")]
    public void Foresight_OfOneToken_StaysBelowSixtyPercentOfBeladysGain(string name)
    {
        RouteTrace trace = SharedTraces.Load(name);
        foreach (int slots in new[] { 15, 31 })
        {
            ReplayColumn column = ReplayColumn.Measure(trace, slots, []);
            Assert.True(column.ShareOfGain(ReplayColumn.Sight(1)) < 0.6);
            Assert.True(column.ShareOfGain(ReplayColumn.Popular) < 0.6);
            Assert.True(column.ShareOfGain(ReplayColumn.Sight(4)) > column.ShareOfGain(ReplayColumn.Sight(1)));
        }
    }

    [Theory]
    [InlineData("qwen")]
    [InlineData("gptoss")]
    [InlineData("gemma")]
    public void SyntheticRouting_AsLongAsATrace_HasItsHitRates(string name)
    {
        RouteTrace trace = SharedTraces.Load(name);
        RouteTrace made = SyntheticRouting.Generate(trace.Header, trace.Tokens, seed: 1);
        ExpertPolicyRow[] policies = [ExpertPolicies.Find("lru")!, ExpertPolicies.Find("lfu")!];
        List<string> report = [];
        double squares = 0;
        foreach (int slots in SharedTraces.Slots)
        {
            foreach (ExpertPolicyRow policy in policies)
            {
                ExpertCacheShape shape = ExpertCacheShape.Even(trace.Header.Layers, trace.Header.Experts, trace.Header.Routed, slots);
                double real = 100 * ExpertReplay.Run(trace, policy, shape).HitRate,
                    synthetic = 100 * ExpertReplay.Run(made, policy, shape).HitRate;
                squares += (real - synthetic) * (real - synthetic);
                report.Add($"{policy.Name} {slots}: recorded {real:F1} %, synthetic {synthetic:F1} %");
            }
        }

        double rms = Math.Sqrt(squares / report.Count);
        TestContext.Current.SendDiagnosticMessage($"{name}: rms {rms:F2} points; {string.Join("; ", report)}");
        Assert.True(rms < 4.5, $"rms {rms:F2}: {string.Join("; ", report)}");
    }

    [Theory]
    [InlineData("qwen")]
    [InlineData("gptoss")]
    [InlineData("gemma")]
    public void Prior_AgainstTheDefaultPolicy_IsNear(string name)
    {
        RouteTrace trace = SharedTraces.Load(name);
        HitCurve prior = HitCurve.Prior(trace.Header.Experts, trace.Header.Routed);
        foreach (int slots in SharedTraces.Slots)
        {
            ExpertCacheShape shape = ExpertCacheShape.Even(trace.Header.Layers, trace.Header.Experts, trace.Header.Routed, slots);
            double measured = ExpertReplay.Run(trace, ExpertPolicies.Find(ExpertPolicies.Default)!, shape).HitRate;
            double expected = prior.HitsPerToken(slots) / trace.Header.Routed;
            Assert.True(Math.Abs(measured - expected) < 0.09, $"{name}, {slots} slots: measured {measured:P1}, prior {expected:P1}");
        }
    }

    /// <summary>What <c>plan</c> expects without a trace, against each trace: points of hit rate, never far above.</summary>
    [Theory]
    [InlineData("qwen", -4.5, 1)]
    [InlineData("gptoss", -2.5, 2)]
    [InlineData("gemma", -8.5, -2)]
    public void MadeUpRouting_AgainstARecordedTrace_PromisesLittleMore(string name, double least, double most)
    {
        RouteTrace trace = SharedTraces.Load(name);
        foreach (int slots in SharedTraces.Slots)
        {
            ExpertPlan plan = ExpertPlans.Even(trace.Header.Layers, trace.Header.Experts, trace.Header.Routed, slots);
            RouteTrace text = new(trace.Header);
            foreach (RouteTouch t in trace.Touches.Where(t => t.Token < 72))
            {
                text.Add(t.Token, 0, t.Token < PlannedReplay.SyntheticPrompt ? 0 : 1, t.Token, t.Layer, trace.Experts(t), trace.Weights(t));
            }

            double error = 100 * (PlannedReplay.OfSynthetic(plan).HitRate - PlannedReplay.Of(plan, text).HitRate);
            Assert.True(error >= least && error <= most, $"{name}, {slots} slots: {error:F1} points");
        }
    }

    [Fact]
    public void HitCurves_OfATrace_FillAKnapsack()
    {
        RouteTrace trace = SharedTraces.Load("qwen");
        HitCurve[] curves = HitCurve.FromTrace(trace, ExpertPolicies.Find("forecast")!, SharedTraces.Slots);
        ExpertLayerItem[] layers = [.. curves.Select((c, i) =>
            new ExpertLayerItem(trace.Header.ExpertBytes[i], trace.Header.ExpertBytes[i], trace.Header.Experts, c))];
        DenseItem[] dense = [.. trace.Header.DenseBytes.Select(b => new DenseItem(b, b))];
        ResidencyChoice choice = ResidencyKnapsack.Choose(dense, layers, trace.Header.Routed, 4L << 30);
        Assert.DoesNotContain(false, choice.Pinned);
        Assert.InRange(choice.UsedBytes, (4L << 30) - 3_100_000, 4L << 30);
        int[] even = [.. layers.Select(_ => choice.SlotsPerLayer.Sum() / layers.Length)];
        double chosen = layers.Select((l, i) => l.Curve.HitsPerToken(choice.SlotsPerLayer[i]) * l.ExpertBytes).Sum();
        Assert.True(chosen >= layers.Select((l, i) => l.Curve.HitsPerToken(even[i]) * l.ExpertBytes).Sum());
    }
}
