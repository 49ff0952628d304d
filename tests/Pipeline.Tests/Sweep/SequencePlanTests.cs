using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>How many pages of keys and values a budget has.</summary>
public sealed class SequencePlanTests
{
    private const long MiB = 1 << 20;
    private static readonly ModelSpec s_spec = ModelSpecBuilder.Build(GgufModel.Open(TinyModel.Path));
    private static readonly PageLayout s_layout = new(s_spec, KvType.F16);

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(512)]
    [InlineData(3000)]
    public void Plan_OfOneSequence_HasPagesForItsWholeContext(int context)
    {
        MemoryPlan plan = Plan(1, context, 256 * MiB);
        Assert.Equal((context, (context + 127) / 128, true), (plan.Context, plan.Pages, plan.HasPagesForAll));
        Assert.InRange(Account(plan), plan.Pages * s_layout.PageBytes, (plan.Pages * s_layout.PageBytes) + 4096);
    }

    [Fact]
    public void Plan_OfSeveral_SharesAnEighthOfTheBudgetAndHasOneContextAtLeast()
    {
        int context = (int)(24 * MiB / s_layout.PageBytes) * PageLayout.Tokens; // of 24 MiB
        MemoryPlan small = Plan(8, context, 128 * MiB), large = Plan(8, context, 512 * MiB), few = Plan(2, context, 512 * MiB);
        Assert.Equal((context / 128, false), (small.Pages, small.HasPagesForAll));
        Assert.Equal(((int)(64 * MiB / s_layout.PageBytes), false), (large.Pages, large.HasPagesForAll));
        Assert.Equal((2 * context / 128, true, context), (few.Pages, few.HasPagesForAll, few.ContextOfEach));
        Assert.Equal(large.Pages / 8 * 128, large.ContextOfEach);
        Assert.True(small.Sum <= 128 * MiB && large.Sum <= 512 * MiB);
    }

    [Fact]
    public void Smallest_OfSeveral_TakesThePagesOfOneContext()
    {
        int context = (int)(16 * MiB / s_layout.PageBytes) * PageLayout.Tokens;
        long one = Plan(1, context, MiB).SmallestBudgetBytes, eight = Plan(8, context, MiB).SmallestBudgetBytes;
        Assert.InRange(eight - one, 0, 8 * MiB);
        MemoryPlan plan = Plan(8, context, eight);
        Assert.True(plan.Sum <= eight);
        Assert.Equal(context / 128, plan.Pages);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void Smallest_WithTheNumberToChoose_IsEnoughAndTheSameUnderEveryBudget(int most)
    {
        long smallest = Chosen(most, MiB).SmallestBudgetBytes;
        for (long budget = smallest; budget < smallest + (64 * MiB); budget += MiB / 2)
        {
            MemoryPlan plan = Chosen(most, budget);
            Assert.True(plan.Sum <= budget, $"{plan.Sum} of {budget} bytes, {plan.Sequences} sequences");
            Assert.Equal(smallest, plan.SmallestBudgetBytes);
        }
    }

    [Fact]
    public void Plan_WhereOnlyTheFrugalDivisionFits_HasAsManyPagesAsTheBudgetAndTheShareAllow()
    {
        int context = (int)(MiB / s_layout.PageBytes) * PageLayout.Tokens, one = context / PageLayout.Tokens; // pages of a MiB
        long smallest = Plan(8, context, MiB).SmallestBudgetBytes;
        int before = one;
        for (long budget = smallest; budget < smallest + (8 * MiB); budget += MiB / 4)
        {
            MemoryPlan plan = Plan(8, context, budget);
            int share = (int)(budget / 8 / s_layout.PageBytes);
            Assert.True(plan.Sum <= budget, $"{plan.Sum} of {budget} bytes");
            Assert.Equal(smallest, plan.SmallestBudgetBytes);
            Assert.InRange(plan.Pages, before, share);
            Assert.True(plan.Pages == share || budget - plan.Sum + plan.PinnedBytes < s_layout.PageBytes + 4096,
                $"{plan.Pages} of {share} pages with {plan.PinnedBytes} bytes pinned and {budget - plan.Sum} free");
            before = plan.Pages;
        }

        Assert.True(Plan(8, context, smallest + MiB).Pages > one);
    }

    [Fact]
    public void Plan_OfMoreThanThereArePagesFor_IsThatOfThoseThatRunSideBySide()
    {
        int fit = (int)(4 * MiB / s_layout.PageBytes);
        MemoryPlan plan = Plan(4 * fit, 128, 32 * MiB), those = Plan(fit, 128, 32 * MiB);
        Assert.Equal((fit, fit, true), (plan.Sequences, plan.Pages, plan.HasPagesForAll));
        Assert.Equal(those.Accounts, plan.Accounts);
        Assert.Equal((those.PrefetchDepth, those.Batch, those.LogitRows), (plan.PrefetchDepth, plan.Batch, plan.LogitRows));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(1000)]
    [InlineData(20_000)]
    public void Plan_OfOneSequence_HasNoOtherPagesUnderAnyBudget(int context)
    {
        long smallest = Plan(1, context, MiB).SmallestBudgetBytes;
        for (long budget = smallest - MiB; budget < smallest + (32 * MiB); budget += MiB / 2)
        {
            Assert.Equal(PageLayout.Pages(context), Plan(1, context, budget).Pages);
        }
    }

    [Fact]
    public void Plan_OfManyThatShareABeginning_CountsItsPagesOnce()
    {
        PlanInputs usual = new(s_spec, 8 * 40 * s_layout.PageBytes, 0, 0, 2, 256, 2, s_layout) { Sequences = 0 }; // 40 pages for states
        PlanInputs many = usual with { MostSequences = 64 };
        Assert.Equal(8, MemoryPlanner.Plan(usual).Sequences);
        Assert.Equal(20, MemoryPlanner.Plan(many).Sequences); // of two pages each
        Assert.Equal(39, MemoryPlanner.Plan(many with { SharedTokens = 140 }).Sequences); // one page for all, and one for each
        Assert.Equal(20, MemoryPlanner.Plan(many with { SharedTokens = 127 }).Sequences);
        Assert.Equal(10, MemoryPlanner.Plan(many with { MostSequences = 10, SharedTokens = 140 }).Sequences);
    }

    private static MemoryPlan Chosen(int most, long budget) => MemoryPlanner.Plan(
        new PlanInputs(s_spec, budget, 8 * MiB, 16 * MiB, 2, 128, 2, s_layout) { Sequences = 0, MostSequences = most });

    private static MemoryPlan Plan(int sequences, int context, long budget) => MemoryPlanner.Plan(
        new PlanInputs(s_spec, budget, 8 * MiB, 16 * MiB, 2, context, 2, s_layout) { Sequences = sequences });

    private static long Account(MemoryPlan plan) => plan.Accounts.Single(a => a.Key == AccountNames.SequenceState).Value;
}
