using LayerStream.Formats;
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
            Assert.Equal(plan.Experts.Bytes, plan.Accounts.Where(a => a.Key is "weights: experts" or "slots reserve")
                .Sum(a => a.Value));
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
    public void Plan_WhereTransientSlotsAreLittleOfIt_GivesEachAPlaceForEverySizeOfExpert()
    {
        using ExpertModel model = new();
        IReadOnlyList<ExpertBank> banks = model.Spec.ExpertBanks;
        ModelSpec spec = model.Spec with
        {
            ExpertBanks = [.. banks.Select(b => banks[b.Id == 3 ? 0 : b.Id] with { Id = b.Id, Layer = b.Id })],
        };
        long smallest = Plan(spec, 1 << 30).SmallestBudgetBytes;
        List<bool> places = [];
        for (long budget = smallest; Plan(spec, budget) is { Experts: { AllResident: false } experts }; budget += MiB / 4)
        {
            Assert.True(experts.Classes.Count > 1);
            places.Add(experts.HasPlacePerClass);
            Assert.Equal(experts.HasPlacePerClass ? experts.Classes.Sum(c => c.SlotBytes) : experts.Classes.Max(c => c.SlotBytes),
                experts.TransientSlotBytes);
        }

        Assert.Contains(false, places); // the smallest budgets
        Assert.True(places[^1]);
    }

    [Fact]
    public void Plan_WhereTheyAreLittleOfIt_HasRoomForCopiesOfRouters()
    {
        string? folder = GoldenExpertTests.Find("gptoss");
        Assert.SkipWhen(folder is null, "the golden data is not beside the project");
        ModelSpec spec = TinyModel.StreamingPlan(TinyModel.Options() with { ModelPath = Path.Combine(folder, "model.gguf") }).Spec;
        long smallest = Plan(spec, 1 << 30).SmallestBudgetBytes;
        HashSet<long> rooms = [];
        for (long budget = smallest; budget < smallest + (4 * MiB); budget += MiB / 16)
        {
            MemoryPlan plan = Plan(spec, budget);
            Assert.InRange(plan.Sum, 1, budget);
            Assert.Equal(plan.RouterCopyBytes, Account(plan, "weights: router copies"));
            Assert.True(plan.RouterCopyBytes == 0 || plan.Experts is { AllResident: false, TransientSlots: > 1 },
                "nothing is guessed that copies could serve");
            rooms.Add(plan.RouterCopyBytes);
        }

        Assert.Equal([0, ExtentWindow.RoundUp(RouterCopies.Bytes(spec))], rooms.Order());
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

    [Fact]
    public void Plan_DepthLeftToTheTuner_NamesItsSlotsAsAReserve()
    {
        using ExpertModel model = new();
        long smallest = Plan(model.Spec, 1 << 30, 0).SmallestBudgetBytes;
        bool hasTuned = false;
        for (long budget = smallest; budget < smallest + (64 * MiB); budget += MiB / 2)
        {
            MemoryPlan plan = Plan(model.Spec, budget, 0), given = Plan(model.Spec, budget, 4);
            Assert.Equal((long)Math.Min(2, plan.Slots) * plan.SlotBytes, Account(plan, "weights: ring"));
            Assert.Equal(plan.ReserveBytes, Account(plan, "slots reserve"));
            Assert.Equal(((long)plan.Slots * plan.SlotBytes) + plan.Experts.Bytes,
                Account(plan, "weights: ring") + Account(plan, "weights: experts") + Account(plan, "slots reserve"));
            Assert.Equal(given.Experts.ReserveBytes, Account(given, "slots reserve")); // a depth that is given is no reserve
            hasTuned |= plan.Slots > 2;
        }

        Assert.True(hasTuned);
    }

    private static long Account(MemoryPlan plan, string name) => plan.Accounts.SingleOrDefault(a => a.Key == name).Value;

    private static MemoryPlan Plan(ModelSpec spec, long budget, int depth = 2) =>
        MemoryPlanner.Plan(new PlanInputs(spec, budget, 8 * MiB, 16 * MiB, 2, 64, depth,
            new PageLayout(spec, Kernels.Ops.KvType.F32)));
}
