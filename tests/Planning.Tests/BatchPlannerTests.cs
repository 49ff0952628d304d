using LayerStream.Planning.Batches;

namespace LayerStream.Planning.Tests;

public sealed class BatchPlannerTests
{
    [Fact]
    public void Plan_APromptAlone_IsCutIntoEqualPasses()
    {
        List<int> taken = [];
        for (int left = 100; left > 0; left -= taken[^1])
        {
            (int[] rows, bool needsHead) = Plan(new PassLimits(32, 1), new SequenceDemand(left, true));
            taken.Add(rows[0]);
            Assert.Equal(rows[0] == left, needsHead);
        }

        Assert.Equal([25, 25, 25, 25], taken);
    }

    [Fact]
    public void Plan_DecodingBesidePrompts_HasItsRowFirstAndPromptsShareTheRest()
    {
        (int[] rows, bool needsHead) = Plan(
            new PassLimits(16, 4), new SequenceDemand(400, true), new SequenceDemand(1, false), new SequenceDemand(3, true),
                new SequenceDemand(1, false));
        Assert.True(needsHead);
        Assert.Equal((1, 3, 1), (rows[1], rows[2], rows[3]));
        Assert.InRange(rows[0], 9, 11); // what the short prompt leaves
    }

    [Fact]
    public void Plan_PromptOfTheBackground_HasWhatOtherPromptsLeave()
    {
        PassLimits limits = new(16, 4);
        (int[] rows, _) = Plan(limits, new SequenceDemand(30, true, IsBackground: true), new SequenceDemand(400, true));
        Assert.Equal([0, 16], rows);
        (rows, _) = Plan(limits, new SequenceDemand(30, true, IsBackground: true), new SequenceDemand(12, true),
            new SequenceDemand(1, false, IsBackground: true));
        Assert.Equal([3, 12, 1], rows);
    }

    [Fact]
    public void Plan_PassWithoutAHead_BringsNobodyToTheLastRow()
    {
        (int[] rows, bool needsHead) = Plan(
            new PassLimits(16, 4, WithHead: false), new SequenceDemand(5, true), new SequenceDemand(1, false), new SequenceDemand(1, true));
        Assert.Equal([4, 0, 0], rows);
        Assert.False(needsHead);
    }

    [Fact]
    public void Plan_AnyDemands_KeepsToTheLimitsAndMovesSomeone()
    {
        Random random = new(5);
        for (int trial = 0; trial < 20_000; trial++)
        {
            SequenceDemand[] demands = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => Any(random))];
            PassLimits limits = new(random.Next(demands.Length, 40), random.Next(demands.Length, 12), random.Next(4) > 0,
                random.Next(1, 50));
            (int[] rows, bool needsHead) = Plan(limits, demands);
            int ends = demands.Zip(rows).Sum(d => !d.First.IsPrompt ? d.Second : d.Second > 0 && d.Second == d.First.Rows ? 1 : 0);
            Assert.All(demands.Zip(rows), d => Assert.InRange(d.Second, 0, d.First.Rows + d.First.Drafts));
            Assert.InRange(rows.Sum(), 0, limits.Rows);
            Assert.InRange(ends, 0, limits.WithHead ? limits.LogitRows : 0);
            Assert.Equal(ends > 0, needsHead);
            Assert.All(demands.Zip(rows).Where(d => d.First is { IsPrompt: false, Rows: > 0 }),
                d => Assert.Equal(limits.WithHead, d.Second > 0));
            if (limits.WithHead && demands.Any(d => d.Rows > 0))
            {
                Assert.True(rows.Sum() > 0);
            }

            if (demands.Any(d => d is { IsPrompt: false, Rows: > 0 }))
            {
                Assert.InRange(demands.Zip(rows).Where(d => d.First.IsPrompt).Sum(d => d.Second), 0, limits.PromptRowsBeside);
            }
        }
    }

    private static SequenceDemand Any(Random random) => random.Next(4) switch
    {
        0 => default,
        1 => new SequenceDemand(1, false, random.Next(3)),
        _ => new SequenceDemand(random.Next(1, 60), true, IsBackground: random.Next(3) == 0),
    };

    private static (int[] Rows, bool NeedsHead) Plan(PassLimits limits, params SequenceDemand[] demands)
    {
        int[] rows = new int[demands.Length];
        bool needsHead = BatchPlanner.Plan(demands, limits, rows);
        return (rows, needsHead);
    }
}
