using LayerStream.Formats.Routes;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning.Tests;

public sealed class ExpertPolicyTests
{
    private const int Layers = 5, Experts = 24, Routed = 4;

    public static TheoryData<string> Names => [.. ExpertPolicies.All.Select(p => p.Name)];

    private static RouteTrace Trace { get; } = SyntheticRouting.Generate(SharedTraces.Header(Layers, Experts, Routed), 200, seed: 11);

    [Theory]
    [MemberData(nameof(Names))]
    public void Policy_OverAWholeTrace_KeepsItsPromises(string name)
    {
        foreach (int slots in new[] { 0, 1, 3, 4, 9, 24 })
        {
            IExpertPolicy policy = ExpertPolicies.Find(name)!.Create(ExpertCacheShape.Even(Layers, Experts, Routed, slots));
            Assert.Equal(slots * Layers, policy.Slots);
            bool[] hits = new bool[Routed];
            foreach (RouteTouch touch in Trace.Touches)
            {
                int[] routed = Trace.Experts(touch).ToArray();
                bool[] before = [.. routed.Select(e => policy.SlotOf(touch.Layer, e) >= 0)];
                int count = policy.Touch(touch.Layer, routed, Trace.Weights(touch), hits);
                Assert.Equal(before, hits);
                Assert.Equal(before.Count(h => h), count);
                int[] slotsOfHits = [.. routed.Where((_, i) => hits[i]).Select(e => policy.SlotOf(touch.Layer, e))];
                foreach (int expert in routed.Where((_, i) => !hits[i]))
                {
                    int slot = policy.Admit(touch.Layer, expert);
                    Assert.Equal(policy.SlotOf(touch.Layer, expert), slot);
                    Assert.True(slot < policy.Slots && !slotsOfHits.Contains(slot));
                    slotsOfHits = slot < 0 ? slotsOfHits : [.. slotsOfHits, slot];
                }

                Assert.Equal(slotsOfHits, slotsOfHits.Distinct());
                if (touch.Layer == Layers - 1)
                {
                    int[] taken = [.. from l in Enumerable.Range(0, Layers) from e in Enumerable.Range(0, Experts) let s = policy.SlotOf(l,
                        e) where s >= 0 select s];
                    Assert.Equal(taken.Length, taken.Distinct().Count());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Policy_Replayed_IsDeterministicAndAllocatesNothing(string name)
    {
        ExpertPolicyRow row = ExpertPolicies.Find(name)!;
        ExpertCacheShape shape = ExpertCacheShape.Even(Layers, Experts, Routed, 6);
        Assert.Equal(ExpertReplay.Run(Trace, row, shape), ExpertReplay.Run(Trace, row, shape));
        IExpertPolicy policy = row.Create(shape);
        ExpertReplay.Run(Trace, policy, row.OneByOne);
        bool[] hits = new bool[Routed];
        int[] experts = [1, 5, 9, 13];
        float[] weights = [0.4f, 0.3f, 0.2f, 0.1f];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
        {
            policy.Begin();
            policy.Touch(i % Layers, experts, weights, hits);
            policy.Admit(i % Layers, experts[0]);
            policy.Drop(i % Layers, experts[i % 4]);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Policy_WithASlotForEveryExpert_MissesEachOnce(string name)
    {
        ReplayCounts counts = ExpertReplay.Run(Trace, ExpertPolicies.Find(name)!, ExpertCacheShape.Even(Layers, Experts, Routed, Experts));
        int distinct = Trace.Touches.SelectMany(t => Trace.Experts(t).ToArray().Select(e => (t.Layer, e))).Distinct().Count();
        Assert.Equal(counts.Accesses - distinct, counts.Hits);
    }

    [Theory]
    [InlineData("lru-token")]
    [InlineData("decay")]
    [InlineData("decay-shared")]
    [InlineData("forecast")]
    [InlineData("forecast-shared")]
    public void Policy_BelowOneTokensExperts_StillEarnsItsFraction(string name)
    {
        // Two fixed sets in turn: the baseline displaces everything before it comes again.
        RouteTrace trace = new(SharedTraces.Header(2, 16, 4));
        for (int token = 0; token < 60; token++)
        {
            for (int layer = 0; layer < 2; layer++)
            {
                trace.Add(token, 0, 1, token, layer, [0, 1, 2, 3], [0.4f, 0.3f, 0.2f, 0.1f]);
            }
        }

        ExpertCacheShape shape = ExpertCacheShape.Even(2, 16, 4, 2);
        Assert.Equal(0, ExpertReplay.Run(trace, ExpertPolicies.Find("lru")!, shape).Hits);
        Assert.True(ExpertReplay.Run(trace, ExpertPolicies.Find(name)!, shape).HitRate > 0.48);
    }

    [Fact]
    public void Drop_OfAResident_FreesItsSlotForTheNext()
    {
        LruPolicy policy = new(ExpertCacheShape.Even(1, 8, 2, 1));
        bool[] hits = new bool[1];
        policy.Touch(0, [3], [1f], hits);
        int slot = policy.Admit(0, 3);
        policy.Drop(0, 3);
        Assert.Equal(-1, policy.SlotOf(0, 3));
        policy.Touch(0, [4], [1f], hits);
        Assert.Equal(slot, policy.Admit(0, 4));
    }

    [Fact]
    public void Belady_OnSmallTraces_EqualsTheBestOfAllDecisions()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            RouteTrace trace = SyntheticRouting.Generate(SharedTraces.Header(1, 5, 2), 7, seed, locality: 0.5);
            long best = Best(trace, 0, 0, slots: 2);
            Assert.Equal(best, BeladyBound.Run(trace, ExpertCacheShape.Even(1, 5, 2, 2), shared: false).Hits);
        }
    }

    [Fact]
    public void Belady_WithSharedSlotsOnSmallTraces_EqualsTheBestOfAllDecisions()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            RouteTrace trace = SyntheticRouting.Generate(SharedTraces.Header(2, 5, 2), 6, seed, locality: 0.5);
            long best = Best(trace, 0, 0, slots: 4);
            Assert.Equal(best, BeladyBound.Run(trace, ExpertCacheShape.Even(2, 5, 2, 2), shared: true).Hits);
            Assert.True(BeladyBound.Run(trace, ExpertCacheShape.Even(2, 5, 2, 2), shared: false).Hits <= best);
        }
    }

    [Fact]
    public void Belady_WithAWarmUp_CountsTheSameTokensAsAPolicy()
    {
        ExpertCacheShape shape = ExpertCacheShape.Even(Layers, Experts, Routed, 7);
        ReplayCounts bound = BeladyBound.Run(Trace, shape, shared: false, warmUpTokens: 50),
            policy = ExpertReplay.Run(Trace, ExpertPolicies.Find("decay")!, shape, 50);
        Assert.Equal((policy.Accesses, policy.Bytes), (bound.Accesses, bound.Bytes));
        Assert.True(bound.Hits >= policy.Hits);
    }

    [Fact]
    public void Foresight_OfTheWholeTrace_IsBelady()
    {
        ExpertCacheShape shape = ExpertCacheShape.Even(Layers, Experts, Routed, 7);
        Assert.Equal(BeladyBound.Run(Trace, shape, shared: false), ForesightReplay.Run(Trace, shape, sightTokens: 1000));
        Assert.Equal(BeladyBound.Run(Trace, shape, shared: false),
            ForesightReplay.Run(Trace, shape, sightTokens: 1000, knowsPopularity: true));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Policy_OnAnyTrace_NeverExceedsBelady(string name)
    {
        for (int slots = 1; slots <= Experts; slots += 4)
        {
            ExpertCacheShape shape = ExpertCacheShape.Even(Layers, Experts, Routed, slots);
            long hits = ExpertReplay.Run(Trace, ExpertPolicies.Find(name)!, shape).Hits;
            Assert.True(hits <= BeladyBound.Run(Trace, shape, shared: true).Hits);
            if (!name.EndsWith("shared", StringComparison.Ordinal))
            {
                Assert.True(hits <= BeladyBound.Run(Trace, shape, shared: false).Hits);
            }
        }
    }

    /// <summary>Most hits from a touch on, over every subset that may be kept of residents and routed; a layer's experts have bits of their
    /// own.</summary>
    private static long Best(RouteTrace trace, int touch, int resident, int slots, Dictionary<(int, int), long>? known = null)
    {
        known ??= [];
        if (touch == trace.Touches.Count)
        {
            return 0;
        }

        if (known.TryGetValue((touch, resident), out long found))
        {
            return found;
        }

        int layer = trace.Touches[touch].Layer, experts = trace.Header.Experts;
        int routed = trace.Experts(trace.Touches[touch]).ToArray().Aggregate(0, (set, e) => set | (1 << ((layer * experts) + e)));
        int mayStay = resident | routed;
        long best = 0;
        for (int keep = mayStay; ; keep = (keep - 1) & mayStay)
        {
            if (int.PopCount(keep) <= slots)
            {
                best = Math.Max(best, Best(trace, touch + 1, keep, slots, known));
            }

            if (keep == 0)
            {
                return known[(touch, resident)] = best + int.PopCount(resident & routed);
            }
        }
    }
}
