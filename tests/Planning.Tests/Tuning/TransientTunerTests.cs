using LayerStream.Planning.Tuning;

namespace LayerStream.Planning.Tests.Tuning;

/// <summary>The tuner of transient slots over simulated guesses, compared with every fixed number of slots.</summary>
public sealed class TransientTunerTests
{
    private const int Most = 7;
    private const int Converged = 32;

    [Theory]
    [InlineData(0.95, 0.99, 0.9)] // good guesses, and a disk with time for them: all slots
    [InlineData(0.9, 0.4, 0.3)]   // only the first guesses are right, and the disk has no time for the others
    [InlineData(0.9, 0.75, 0.5)]
    public void Observe_SteadyGuesses_ComesNearTheBestFixedNumber(double firstRight, double fall, double beside)
    {
        TransientTuner tuner = new(Most);
        SimulatedGuesses guesses = new(firstRight, fall, beside);
        Run(tuner, guesses, 2 * Converged);
        double tuned = Run(tuner, guesses, 200), best = Enumerable.Range(1, Most).Min(
            slots => Enumerable.Range(0, 200).Average(_ => guesses.Pass(slots).WallSeconds));
        Assert.True(best / tuned >= 0.97, $"{best / tuned:P1} of the best fixed number, with {tuner.Slots}; {tuner.Finding}");
    }

    [Fact]
    public void Observe_MuchReadForNothingOnABusyDisk_TakesSlotsAwayAndGivesThemBackLater()
    {
        TransientTuner tuner = new(Most);
        Run(tuner, new SimulatedGuesses(0.9, 0.4, 0.3), Converged);
        Assert.InRange(tuner.Slots, 1, 3);
        Assert.Contains(tuner.Decisions, d => d.Reason.Contains("are of no use", StringComparison.Ordinal));
        Assert.Contains("(7 → 3)", tuner.Decisions[0].Reason, StringComparison.Ordinal);
        Run(tuner, new SimulatedGuesses(0.95, 0.99, 0.9), 4 * Converged);
        Assert.Equal(Most, tuner.Slots);
    }

    [Fact]
    public void Observe_DiskThatStandsStill_DecidesNothing()
    {
        TransientTuner tuner = new(Most);
        SimulatedGuesses guesses = new(0.95, 0.99, 0.9);
        Run(tuner, guesses, Converged);
        AheadPass still = guesses.Pass(tuner.Slots);
        tuner.Observe(still with { WallSeconds = 2, WaitSeconds = 1.9, BusySeconds = 2 });
        Run(tuner, guesses, Converged);
        Assert.Equal(Most, tuner.Slots);
        Assert.Empty(tuner.Decisions);
    }

    [Fact]
    public void Slots_Always_StayWithinWhatWasAllocated()
    {
        Random random = new(4);
        foreach (int most in (int[])[1, 2, 3, 31])
        {
            TransientTuner tuner = new(most);
            for (int i = 0; i < 2000; i++)
            {
                Assert.InRange(tuner.Slots, 1, most);
                double wall = random.NextDouble();
                tuner.Observe(new AheadPass(random.Next(8) > 0, wall, wall * random.NextDouble(), wall * random.NextDouble(),
                    random.Next(1 << 30), random.Next(1 << 30), random.Next(1 << 30), random.Next(2)));
            }

            Assert.InRange(tuner.Decisions.Count, 0, 64);
        }
    }

    [Fact]
    public void Observe_SamePassesAgain_GivesTheSameDecisions()
    {
        static IReadOnlyList<TransientDecision> Once()
        {
            TransientTuner tuner = new(Most);
            Run(tuner, new SimulatedGuesses(0.9, 0.4, 0.3), 100);
            return tuner.Decisions;
        }

        Assert.NotEmpty(Once());
        Assert.Equal(Once(), Once());
    }

    [Fact]
    public void History_Replayed_GivesTheDecisions()
    {
        TransientTuner tuner = new(Most);
        Run(tuner, new SimulatedGuesses(0.9, 0.4, 0.3), 100);
        Assert.NotEmpty(tuner.Decisions);
        Assert.Equal(tuner.Decisions, tuner.History.Replay());
    }

    private static double Run(TransientTuner tuner, SimulatedGuesses guesses, int passes)
    {
        double wall = 0;
        for (int i = 0; i < passes; i++)
        {
            AheadPass pass = guesses.Pass(tuner.Slots);
            wall += pass.WallSeconds / passes;
            tuner.Observe(pass);
        }

        return wall;
    }
}
