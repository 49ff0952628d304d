using LayerStream.Planning.Tuning;

namespace LayerStream.Planning.Tests.Tuning;

/// <summary>The tuner over simulated disks: what it reaches is compared with every fixed setting under the same limits.</summary>
public sealed class PrefetchTunerTests
{
    private const int Converged = 32;
    private static readonly TunerLimits s_limits = new(8, 8);
    private static readonly TunerSetting s_little = new(2, 3);

    [Theory]
    [InlineData(1e9, 100e-6, 0.4e-3)] // the disk is slower than compute
    [InlineData(1e9, 100e-6, 3e-3)]   // compute is slower
    [InlineData(1e9, 2e-3, 0.4e-3)]   // far away: many reads at the same time
    [InlineData(3e9, 4e-3, 0.2e-3)]
    [InlineData(0.2e9, 100e-6, 1e-3)]
    public void Observe_SteadyDisk_ComesNearTheBestFixedSetting(double rate, double latency, double compute)
    {
        SimulatedRing Ring() => new(60, 1 << 20, compute) { Rate = rate, Latency = latency };
        PrefetchTuner tuner = new(s_limits, s_little);
        AssertNearBest(Run(tuner, Ring(), Converged + 64)[Converged..], Ring);
    }

    [Theory]
    [InlineData(2e-3)]
    [InlineData(0.3e-3)]
    public void Observe_DiskWhoseRateHalvesMidway_Follows(double latency)
    {
        SimulatedRing ring = new(60, 1 << 20, 0.6e-3) { Rate = 2e9, Latency = latency };
        PrefetchTuner tuner = new(s_limits, s_little);
        Run(tuner, ring, Converged);
        ring.Rate = 1e9;
        ring.Latency = 2 * latency;
        Run(tuner, ring, Converged);
        AssertNearBest(Run(tuner, ring, 64), () => new SimulatedRing(60, 1 << 20, 0.6e-3) { Rate = 1e9, Latency = 2 * latency });
    }

    [Fact]
    public void Observe_DelayingReader_GrowsDepthBecauseTheBufferWasFullAndRanEmpty()
    {
        SimulatedRing Ring() => new(60, 1 << 20, 1.5e-3) { Rate = 2e9, Delay = n => n % 13 == 0 ? 6e-3 : 0 };
        PrefetchTuner tuner = new(s_limits, s_little);
        AssertNearBest(Run(tuner, Ring(), Converged + 64)[Converged..], Ring);
        Assert.Contains(tuner.Decisions, d => d.Reason.Contains("full and then ran empty", StringComparison.Ordinal));
        Assert.True(tuner.Setting.Depth >= 4, $"depth {tuner.Setting.Depth}");
    }

    [Fact]
    public void Observe_LessDepthThatSeemsMuchFasterOnce_IsLookedAtAgainBeforeItHolds()
    {
        PrefetchTuner tuner = new(s_limits with { HeldBytes = 1 << 20 }, s_limits.Start);
        for (int i = 0; i < Converged || !tuner.IsSettled; i++)
        {
            Assert.InRange(i, 0, 2 * Converged);
            double disk = tuner.Decisions.Count == 0 ? 0.1 : 0.075; // becomes faster when the first try begins
            double wall = tuner.Setting == s_limits.Start ? disk : disk * 1.07; // and wants all reads
            tuner.Observe(new TunedPass(wall, 0.5 * wall, wall, 64 << 20, 0, 20));
        }

        Assert.Contains("hold weights", tuner.Decisions[0].Reason, StringComparison.Ordinal);
        Assert.Equal(s_limits.Start, tuner.Setting);
    }

    [Theory]
    [InlineData(-0.06)] // what was saved up before makes the first pass short
    [InlineData(-0.03)]
    [InlineData(0)]
    [InlineData(0.01)]
    [InlineData(0.02)]
    [InlineData(0.03)]
    [InlineData(0.04)]
    [InlineData(0.05)]
    [InlineData(0.06)]
    [InlineData(0.07)]
    public void Observe_DiskThatGivesBytesOutInSteps_ComesToFewSlotsAheadWithin32Passes(double begin)
    {
        const double Step = 0.075, Rate = 300e6; // what a limit of the kernel does: passes of 200 ms take 3 steps or 4
        PrefetchTuner tuner = new(s_limits with { HeldBytes = 651264 }, s_limits.Start);
        double due = begin, came = 0;
        for (int i = 0; i < Converged; i++)
        {
            long bytes = 61_000_000 + (tuner.Setting.Depth * 651264L);
            due += bytes / Rate;
            double wall = (Step * Math.Ceiling(due / Step)) - came;
            came += wall;
            tuner.Observe(new TunedPass(wall, 0.8 * wall, wall, bytes, 0, 60));
        }

        Assert.InRange(tuner.Setting.Depth, 1, 2);
    }

    [Fact]
    public void Observe_DiskThatOnlyBytesSlowDown_ComesToFewSlotsAheadWithin32Passes()
    {
        PrefetchTuner tuner = new(s_limits with { HeldBytes = 1 << 20 }, s_limits.Start);
        for (int i = 0; i < Converged; i++)
        {
            long bytes = (64L + tuner.Setting.Depth) << 20; // every slot without use holds a MiB
            double wall = bytes / 300e6;
            tuner.Observe(new TunedPass(wall, 0.8 * wall, wall, bytes, 0, 60));
        }

        Assert.InRange(tuner.Setting.Depth, 1, 2);
    }

    [Fact]
    public void Observe_DiskThatNeedsAllReads_IsSeldomAskedForFewer()
    {
        // As measured where each read came 4 ms late: half as many at the same time bring half as many bytes a second.
        PrefetchTuner tuner = new(s_limits with { HeldBytes = 651264 }, s_limits.Start);
        List<double> walls = [];
        for (int i = 0; i < 4 * Converged; i++)
        {
            double wall = tuner.Setting.Depth == 8 ? 0.14 : 0.24;
            walls.Add(wall);
            tuner.Observe(new TunedPass(wall, 0.8 * wall, 0.98 * wall, 68_000_000, 2, 60));
        }

        Assert.InRange(walls[Converged..].Average(), 0.14, 0.14 / 0.97);
    }

    [Theory]
    [InlineData(0.4)] // of the wall is waited
    [InlineData(0.9)]
    public void Observe_DiskThatStandsStillWithFewerSlots_KeepsThemHoweverLongPassesTake(double wait)
    {
        // Passes with guesses have more rows or fewer, so that one with fewer slots may well be the shorter one.
        PrefetchTuner tuner = new(s_limits with { HeldBytes = 651264 }, s_limits.Start);
        int fewer = 0;
        for (int i = 0; i < 4 * Converged; i++)
        {
            bool all = tuner.Setting == s_limits.Start;
            fewer += all ? 0 : 1;
            double wall = all ? 0.05 : 0.045;
            tuner.Observe(new TunedPass(wall, wait * wall, (all ? 0.98 : 0.87) * wall, 68_000_000, 0, 60));
        }

        Assert.InRange(fewer, 1, Converged);
        Assert.Equal(s_limits.Start, tuner.Setting);
    }

    [Theory]
    [InlineData(2, 20)] // full, then empty
    [InlineData(0, 20)] // never full
    public void Observe_ComputeThatWaits_TriesMoreSlotsWithAReadForEach(int full, int empty)
    {
        PrefetchTuner tuner = new(s_limits, new TunerSetting(2, 2)); // as an earlier version learnt it
        for (int i = 0; tuner.Decisions.Count == 0; i++)
        {
            Assert.True(i < 8, tuner.Finding);
            tuner.Observe(new TunedPass(0.1, 0.05, 0.1, 100_000_000, full, empty));
        }

        Assert.Equal(new TunerSetting(4, 5), tuner.Setting);
        Assert.Equal(new TunerSetting(8, 8), s_limits.Start);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Observe_DiskThatStandsStillForTwoSeconds_ComesNearTheBestAfterwards(int passesBefore)
    {
        // Wherever the still moment falls: before a try, during one, and between two.
        SimulatedRing Ring() => new(60, 1 << 20, 0.4e-3) { Latency = 1e-3 };
        PrefetchTuner tuner = new(s_limits, s_little);
        SimulatedRing ring = Ring();
        Run(tuner, ring, Converged + passesBefore);
        int still = ((Converged + passesBefore) * 60) + 30;
        ring.Delay = n => n == still ? 2 : 0;
        Run(tuner, ring, 2);
        AssertNearBest(Run(tuner, ring, Converged + 32), Ring);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(12)]
    public void Observe_OnePassThatWasHeldUp_MakesNoSettingLookBetter(int heldUp)
    {
        PrefetchTuner tuner = new(s_limits, s_little);
        for (int i = 0; i < 40 || !tuner.IsSettled; i++)
        {
            Assert.InRange(i, 0, 80);
            double wall = i == heldUp ? 2 : 0.1; // disk-bound: as long at every setting
            tuner.Observe(new TunedPass(wall, 0.5 * wall, wall, 100_000_000, 0, 20));
        }

        Assert.Equal(s_little, tuner.Setting);
    }

    [Fact]
    public void Observe_DiskThatBecameFasterDuringATry_DoesNotCountForIt()
    {
        PrefetchTuner tuner = new(s_limits, s_little);
        for (int i = 0; i < 20; i++)
        {
            double wall = i > 2 ? 0.093 : 0.1; // at every setting
            tuner.Observe(new TunedPass(wall, 0.5 * wall, wall, 100_000_000, 0, 20));
        }

        Assert.Equal(s_little, tuner.Setting);
    }

    [Fact]
    public void StartAt_WhatWasLearnt_IsHeldFromTheFirstPassOnAndLeftAlone()
    {
        SimulatedRing Ring() => new(60, 1 << 20, 1.5e-3) { Rate = 2e9, Delay = n => n % 13 == 0 ? 6e-3 : 0 };
        PrefetchTuner before = new(s_limits, s_limits.Start);
        Run(before, Ring(), 2 * Converged);
        PrefetchTuner tuner = new(s_limits, s_limits.Start);
        tuner.StartAt(before.Setting);
        Assert.Equal(before.Setting, tuner.Setting);
        Assert.Contains("learnt", tuner.Finding, StringComparison.Ordinal);
        AssertNearBest(Run(tuner, Ring(), Converged), Ring); // from the first pass on
        tuner.StartAt(new TunerSetting(1, 1));
        Assert.NotEqual(1, tuner.Setting.Depth);
    }

    [Fact]
    public void Observe_DiskThatNothingHelps_SaysSoAndRests()
    {
        PrefetchTuner tuner = new(s_limits, s_little);
        Run(tuner, new SimulatedRing(60, 1 << 20, 0.1e-3) { Latency = 1e-6 }, 200);
        Assert.Contains("disk-bound", tuner.Finding, StringComparison.Ordinal);
        Assert.Contains("no depth and no number of reads can help", tuner.Finding, StringComparison.Ordinal);
        Assert.InRange(tuner.Decisions.Count, 2, 16); // tries become rare
        Assert.Equal(s_little, tuner.Setting);
    }

    [Fact]
    public void Observe_FastDisk_GivesSlotsBackAndStaysThere()
    {
        PrefetchTuner tuner = new(s_limits, new TunerSetting(8, 8));
        Run(tuner, new SimulatedRing(60, 1 << 20, 3e-3), 100);
        Assert.InRange(tuner.Setting.Depth, 1, 3);
        int decisions = tuner.Decisions.Count;
        Run(tuner, new SimulatedRing(60, 1 << 20, 3e-3), 100);
        Assert.Equal(decisions, tuner.Decisions.Count);
        Assert.True(tuner.IsSettled);
    }

    [Fact]
    public void Setting_Always_StaysWithinWhatWasAllocated()
    {
        Random random = new(5);
        foreach (TunerLimits limits in new TunerLimits[] { new(1, 1), new(1, 8), new(8, 1), new(3, 5), new(64, 16) })
        {
            PrefetchTuner tuner = new(limits, new TunerSetting(1000, 1000));
            for (int i = 0; i < 2000; i++)
            {
                Assert.InRange(tuner.Setting.Depth, 1, limits.MostDepth);
                Assert.InRange(tuner.Setting.Reads, 1, limits.MostReads);
                tuner.Observe(new TunedPass(random.NextDouble(), random.NextDouble() / 2, random.NextDouble(), random.Next(1 << 30),
                    random.Next(3), random.Next(3)));
            }

            Assert.InRange(tuner.Decisions.Count, 0, 64);
        }
    }

    [Fact]
    public void Observe_SamePassesAgain_GivesTheSameDecisions()
    {
        static IReadOnlyList<TunerDecision> Once()
        {
            PrefetchTuner tuner = new(s_limits, s_little);
            Run(tuner, new SimulatedRing(40, 1 << 20, 1e-3) { Latency = 1e-3 }, 60);
            return tuner.Decisions;
        }

        Assert.NotEmpty(Once());
        Assert.Equal(Once(), Once());
    }

    [Fact]
    public void History_Replayed_GivesTheDecisionsAlsoBehindWhatWasLearnt()
    {
        PrefetchTuner tuner = new(s_limits, s_limits.Start);
        tuner.StartAt(new TunerSetting(1, 2));
        Run(tuner, new SimulatedRing(40, 1 << 20, 1e-3) { Latency = 1e-3 }, 60);
        Assert.Equal(new TunerSetting(1, 2), tuner.History.Start);
        Assert.NotEmpty(tuner.Decisions);
        Assert.Equal(tuner.Decisions, tuner.History.Replay());
    }

    private static double[] Run(PrefetchTuner tuner, SimulatedRing ring, int passes)
    {
        double[] walls = new double[passes];
        for (int i = 0; i < passes; i++)
        {
            TunedPass pass = ring.Pass(tuner.Setting);
            walls[i] = pass.WallSeconds;
            tuner.Observe(pass);
        }

        return walls;
    }

    private static void AssertNearBest(double[] walls, Func<SimulatedRing> ring)
    {
        double best = double.MaxValue;
        for (int depth = 1; depth <= s_limits.MostDepth; depth++)
        {
            for (int reads = 1; reads <= s_limits.MostReads; reads++)
            {
                SimulatedRing simulated = ring();
                double mean = Enumerable.Range(0, 40).Select(_ => simulated.Pass(new TunerSetting(depth, reads)).WallSeconds)
                    .Skip(8).Average();
                best = Math.Min(best, mean);
            }
        }

        Assert.True(best / walls.Average() >= 0.97, $"{best / walls.Average():P1} of the best fixed setting");
    }
}
