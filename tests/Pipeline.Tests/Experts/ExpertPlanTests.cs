using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class ExpertPlanTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Plan_FromTheSmallestBudgetUp_StaysWithinItAndEarnsMoreWithEveryByte()
    {
        using ExpertModel model = new();
        long smallest = Plan(model.Spec, 1 << 30).SmallestBudgetBytes;
        long largestSlot = model.Spec.ExpertBanks.Max(b => new ExpertLayout(b).SlotBytes);
        MemoryPlan? before = null;
        bool wasBelowOneToken = false, wasAllResident = false;
        for (long budget = smallest; budget < smallest + (64 * MiB); budget += MiB / 2)
        {
            MemoryPlan plan = Plan(model.Spec, budget);
            Assert.InRange(plan.Sum, 1, budget);
            Assert.Equal(plan.Experts.Bytes, plan.Accounts.Single(a => a.Key == "weights: experts").Value);
            Assert.True(plan.Experts.AllResident || plan.Experts.TransientSlots >= 1, "experts travel without a slot to travel in");
            Assert.True(plan.Experts.TransientSlots == 0 || plan.Experts.TransientSlotBytes >= largestSlot);
            Assert.All(plan.Experts.Classes, c => Assert.All(c.Banks, b =>
                Assert.InRange(plan.Experts.Layouts[b].SlotBytes, (long)(0.95 * c.SlotBytes), c.SlotBytes)));
            Assert.Equal(plan.Experts.AllResident ? 1 : 0, plan.Experts.ExpectedHitRate == 1 ? 1 : 0);
            wasBelowOneToken |= plan.Experts.BelowOneToken;
            wasAllResident |= plan.Experts.AllResident;
            before = plan;
        }

        Assert.True(wasBelowOneToken && wasAllResident);
        Assert.Equal(0, before!.StreamedBytesPerToken);
    }

    [Fact]
    public void Smallest_OfAModelWithExperts_NeedsOneExpertMoreThanWithout()
    {
        using ExpertModel model = new();
        long with = Plan(model.Spec, 1 << 30).SmallestBudgetBytes,
            without = Plan(model.Spec with { ExpertBanks = [] }, 1 << 30).SmallestBudgetBytes;
        long largestSlot = model.Spec.ExpertBanks.Max(b => new ExpertLayout(b).SlotBytes);
        Assert.InRange(with - without, largestSlot - MiB, largestSlot + MiB);
        Assert.InRange(Plan(model.Spec, with).Sum, 1, with);
    }

    private static MemoryPlan Plan(ModelSpec spec, long budget) =>
        MemoryPlanner.Plan(new PlanInputs(spec, budget, 8 * MiB, 16 * MiB, 2, 64, 2,
            new PageLayout(spec, Kernels.Ops.KvType.F32)));
}
