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

    private static MemoryPlan Plan(int sequences, int context, long budget) => MemoryPlanner.Plan(
        new PlanInputs(s_spec, budget, 8 * MiB, 16 * MiB, 2, context, 2, s_layout) { Sequences = sequences });

    private static long Account(MemoryPlan plan) => plan.Accounts.Single(a => a.Key == AccountNames.SequenceState).Value;
}
