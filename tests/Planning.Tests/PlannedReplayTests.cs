using LayerStream.Formats.Routes;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning.Tests;

public sealed class PlannedReplayTests
{
    private const int Layers = 4, Experts = 32, Routed = 4;

    [Theory]
    [InlineData("lru-token")]
    [InlineData("forecast-shared")]
    public void Of_ATraceWithoutAPrompt_HitsWhatThePolicyReplays(string policy)
    {
        RouteTrace trace = SyntheticRouting.Generate(SharedTraces.Header(Layers, Experts, Routed), 60, seed: 5);
        PlannedReplay replay = PlannedReplay.Of(ExpertPlans.Even(Layers, Experts, Routed, 6, policy), trace);
        ReplayCounts counts = ExpertReplay.Run(trace, ExpertPolicies.Find(policy)!, ExpertCacheShape.Even(Layers, Experts, Routed, 6));
        Assert.Equal(counts.HitRate, replay.HitRate, 12);
        Assert.Equal(counts.Accesses - counts.Hits, replay.Missed.Count);
        Assert.Equal((60, true), (replay.Tokens, replay.IsRecorded));
        Assert.Equal((double)replay.Missed.Count * ExpertPlans.ExpertBytes / 60, replay.MissBytesPerToken, 9);
        foreach (LayerUse use in replay.Uses)
        {
            int[] routed = trace.Experts(trace.Touches[(use.Token * Layers) + use.Bank]).ToArray();
            Assert.All(replay.Missed.Skip(use.MissBegin).Take(use.Misses), expert => Assert.Contains(expert, routed));
        }
    }

    [Fact]
    public void Of_ATraceWithAPrompt_CountsWhatIsGeneratedFromACacheThatThePromptFilled()
    {
        RouteTrace trace = new(SharedTraces.Header(1, 4, 2));
        for (int token = 0; token < 5; token++)
        {
            trace.Add(token, 0, token < 2 ? 0 : 1, token, 0, [1, 3], [0.6f, 0.4f]);
        }

        PlannedReplay replay = PlannedReplay.Of(ExpertPlans.Even(1, 4, 2, 2), trace);
        Assert.Equal((3, 1.0), (replay.Tokens, replay.HitRate));
        Assert.Equal(0, replay.MissBytesPerToken);
    }

    [Fact]
    public void Of_ATraceWithMoreExpertsPerToken_TakesTheStrongest()
    {
        RouteTrace trace = new(SharedTraces.Header(1, 4, 2));
        trace.Add(0, 0, 1, 0, 0, [3, 1], [0.6f, 0.4f]);
        PlannedReplay replay = PlannedReplay.Of(ExpertPlans.Even(1, 4, 1, 1), trace);
        Assert.Equal([3], replay.Missed);
    }

    [Fact]
    public void Of_ATraceOfAnotherShape_IsRefused()
    {
        RouteTrace trace = SyntheticRouting.Generate(SharedTraces.Header(Layers, Experts, Routed), 2, seed: 1);
        Assert.Null(PlannedReplay.Misfit(ExpertPlans.Even(Layers, Experts, Routed, 1), trace.Header));
        Assert.Throws<ArgumentException>(() => PlannedReplay.Of(ExpertPlans.Even(Layers + 1, Experts, Routed, 1), trace));
        Assert.Throws<ArgumentException>(() => PlannedReplay.Of(ExpertPlans.Even(Layers, Experts * 2, Routed, 1), trace));
        Assert.Throws<ArgumentException>(() => PlannedReplay.Of(ExpertPlans.Even(Layers, Experts, Routed + 1, 1), trace));
    }

    [Fact]
    public void OfSynthetic_HitsMoreWithMoreSlots_AndNothingIsMissedWhereAllStay()
    {
        double before = 0;
        foreach (int slots in new[] { 2, 4, 8, 16 })
        {
            PlannedReplay replay = PlannedReplay.OfSynthetic(ExpertPlans.Even(Layers, Experts, Routed, slots));
            Assert.True(replay.HitRate > before, $"{slots} slots: {replay.HitRate:P1}");
            Assert.False(replay.IsRecorded);
            before = replay.HitRate;
        }

        Assert.Empty(PlannedReplay.OfSynthetic(ExpertPlans.Even(Layers, Experts, Routed, Experts)).Missed);
    }
}
