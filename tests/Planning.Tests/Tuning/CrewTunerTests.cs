using LayerStream.Planning.Tuning;

namespace LayerStream.Planning.Tests.Tuning;

/// <summary>The tuner of the crew over a simulated machine whose passes take so long with so many threads.</summary>
public sealed class CrewTunerTests
{
    private const double Idle = 0.040; // seconds of a pass of one thread

    [Fact]
    public void Observe_AloneOnTheMachine_TriesNothing()
    {
        CrewTuner tuner = new(2, 2);
        Run(tuner, 30, Alone);
        Assert.Equal(2, tuner.Setting.Members);
        Assert.Empty(tuner.Decisions);
        Assert.False(tuner.IsContended);
    }

    [Fact]
    public void Observe_OneRivalOnTwoCores_ShrinksAndGrowsWhenItHasLeft()
    {
        CrewTuner tuner = new(2, 2);
        Run(tuner, 2, members => members == 2 ? (Idle / 2 / 0.54, 0.4) : (Idle / 2 / 0.8, 0));
        Assert.Equal(1, tuner.Setting.Members);
        Run(tuner, 10, Alone);
        Assert.Equal(2, tuner.Setting.Members);
        Assert.Contains(tuner.Decisions, d => d.Reason.Contains("lost to others", StringComparison.Ordinal));
    }

    [Fact]
    public void Observe_TwoRivalsOnTwoCores_KeepsBothThreadsAndSeldomTriesOne()
    {
        CrewTuner tuner = new(2, 2);
        double lost = 0;
        Run(tuner, 60, members =>
        {
            lost += members == 1 ? 1 : 0;
            return members == 2 ? (Idle, 0.4) : (1.5 * Idle, 0.2);
        });
        Assert.Equal(2, tuner.Setting.Members);
        Assert.True(tuner.IsContended);
        Assert.InRange(lost, 1, 60); // of some 1400 passes
    }

    [Fact]
    public void Observe_LossAroundTheShareThatCounts_SeldomTries()
    {
        CrewTuner tuner = new(2, 2);
        Random random = new(1);
        int passes = 0, tries = 0;
        Run(tuner, 60, (CrewSetting s) =>
        {
            (passes, tries) = (passes + 1, tries + (s == new CrewSetting(2, true) ? 0 : 1));
            return (Idle / s.Members * (s.Spins ? 1 : 1.2), 0.04 + (0.16 * random.NextDouble()));
        });
        Assert.InRange(tries, 1, passes / 10);
    }

    [Fact]
    public void Observe_ParkingEarlyThatHelps_IsKeptWhileOthersAreAtWork()
    {
        CrewTuner tuner = new(2, 2);
        Dictionary<CrewSetting, int> passes = [];
        Run(tuner, 20, (CrewSetting s) =>
        {
            passes[s] = passes.GetValueOrDefault(s) + 1;
            return s.Members == 1 ? (0.032, 0.02) : s.Spins ? (0.034, 0.4) : (0.029, 0.25);
        });
        Assert.InRange(passes[new CrewSetting(2, false)], 0.7 * passes.Values.Sum(), double.MaxValue);
        Run(tuner, 2, Alone);
        Assert.Equal(new CrewSetting(2, true), tuner.Setting);
    }

    [Fact]
    public void Observe_SiblingsOnTrial_AreKeptOnlyIfTheyHelp()
    {
        CrewTuner helped = new(8, 4), hindered = new(8, 4);
        Run(helped, 2, members => (Idle / (members > 4 ? 5 : members), 0));
        Run(hindered, 2, members => (Idle / (members > 4 ? 3.5 : members), 0));
        Assert.Equal(8, helped.Setting.Members);
        Assert.Equal(4, hindered.Setting.Members);
        Assert.Contains("undone", hindered.Decisions[^1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Allow_Quota_ShrinksAtOnceAndGrowsBackAtOnce()
    {
        CrewTuner tuner = new(4, 4);
        Assert.Null(tuner.Allow(null));
        Assert.Equal(1, tuner.Allow(1)!.Setting.Members);
        Run(tuner, 20, Alone);
        Assert.Equal(1, tuner.Setting.Members);
        Assert.Equal(3, tuner.Allow(3)!.Setting.Members);
        Assert.Null(tuner.Allow(3));
        Assert.Equal(4, tuner.Allow(null)!.Setting.Members);
    }

    [Fact]
    public void Observe_PassesOfOtherRowsDuringATry_GiveItUp()
    {
        CrewTuner tuner = new(2, 2);
        for (int i = 0; tuner.Setting.Members == 2 && i < 100; i++)
        {
            tuner.Observe(new CrewPass(1, Idle, 0.5 * Idle, 0));
        }

        Assert.Equal(1, tuner.Setting.Members);
        Assert.Equal(2, tuner.Observe(new CrewPass(64, 1, 0, 0))!.Setting.Members);
    }

    [Fact]
    public void Observe_TheSamePasses_GivesTheSameDecisions()
    {
        static IReadOnlyList<CrewDecision> Decisions()
        {
            CrewTuner tuner = new(4, 2);
            Random random = new(3);
            Run(tuner, 40, members => (Idle / members * (1 + random.NextDouble()), random.NextDouble() / 3));
            return tuner.Decisions;
        }

        Assert.NotEmpty(Decisions());
        Assert.Equal(Decisions(), Decisions());
    }

    private static (double Seconds, double Lost) Alone(int members) => (Idle / members, 0.02);

    private static void Run(CrewTuner tuner, double seconds, Func<int, (double Seconds, double Lost)> pass) =>
        Run(tuner, seconds, setting => pass(setting.Members));

    private static void Run(CrewTuner tuner, double seconds, Func<CrewSetting, (double Seconds, double Lost)> pass)
    {
        for (double now = 0; now < seconds;)
        {
            (double took, double lost) = pass(tuner.Setting);
            tuner.Observe(new CrewPass(1, took, took * lost, 0));
            now += took;
        }
    }
}
