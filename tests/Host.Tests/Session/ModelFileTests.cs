using LayerStream.Actors;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Planning.Drafts;
using LayerStream.Session;
using LayerStream.Storage;

namespace LayerStream.Host.Tests.Session;

public sealed class ModelFileTests
{
    private const int UsualReads = 12;

    [Theory]
    [InlineData(0, UsualReads)]
    [InlineData(4, UsualReads)]
    [InlineData(32, 32)]
    public void Plan_AnyVerb_HasRoomForFilesAndForReadsThroughThePageCache(int readsInFlight, int reads)
    {
        EnginePlan plan = Plan(new ModelOptions { ModelPath = ShippedModel.Path, BudgetBytes = 256 << 20, ReadsInFlight = readsInFlight });
        Assert.Equal(TransientFile.RoomBytes, plan.Sheet.Account(AccountNames.WrittenFiles).LimitBytes);
        Assert.Equal((long)reads * FlashDevice.CachedBytesPerRead, plan.Sheet.Account(AccountNames.BufferedReads).LimitBytes);
        Assert.Contains("files being written", plan.Sheet.Render(), StringComparison.Ordinal);
        Assert.Contains("buffered fallback", plan.Sheet.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_SmallestBudget_WorksAndIsTheSameForEveryVerb()
    {
        ModelOptions options = new() { ModelPath = ShippedModel.Path, BudgetBytes = 1 << 20, Context = 64 };
        long smallest = Assert.Throws<BudgetTooSmallException>(() => Plan(options)).SmallestBudgetBytes;
        Assert.Equal(smallest, Plan(options with { BudgetBytes = smallest }).SmallestBudgetBytes);
    }

    [Theory]
    [InlineData(8192, 0)]
    [InlineData(8193, 1)]
    public void Plan_ContextBeyondTheTrainedOne_IsSaidAloud(int context, int times)
    {
        Said said = new();
        ModelOptions options = new() { ModelPath = ShippedModel.Path, BudgetBytes = 1 << 30, Context = context };
        ModelFile.Open(options.ModelPath).Plan(options, said);
        string name = $"--context {context}";
        Assert.Equal(times, said.Notices.OfType<WarningNotice>().Count(w => w.Text.Contains(name, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(-1, DraftMode.Auto, false)]  // no room for it
    [InlineData(0, DraftMode.Auto, false)]   // room, but then everything streams
    [InlineData(0, DraftMode.Model, true)]
    [InlineData(768, DraftMode.Auto, true)]
    public void Plan_WithADraftModel_LeavesItOutWhereItsMemoryCostsTooMuch(int moreMiB, DraftMode mode, bool isUsed)
    {
        Said said = new();
        ModelOptions options = new()
        {
            ModelPath = ShippedModel.Path,
            BudgetBytes = 1 << 20,
            Context = 256,
            Drafts = DraftMode.Model,
            DraftModelPath = ShippedModel.Path,
        };
        long smallest = Assert.Throws<BudgetTooSmallException>(() => Plan(options)).SmallestBudgetBytes; // with it
        options = options with { Drafts = mode, BudgetBytes = smallest + ((long)moreMiB << 20) };
        PlannedModel planned = ModelFile.Open(options.ModelPath).Plan(options, said);
        planned.Files.Dispose();
        planned.Draft?.Files.Dispose();
        Assert.Equal((isUsed, isUsed), (planned.Draft is not null, planned.Options.UsesDraftModel));
        Assert.Equal(isUsed, planned.Plan.Sheet.Accounts.Any(a => a.Name == AccountNames.DraftWeights));
        Assert.Equal(isUsed ? 0 : 1,
            said.Notices.OfType<WarningNotice>().Count(w => w.Text.Contains("--draft model uses it", StringComparison.Ordinal)));
    }

    private static EnginePlan Plan(ModelOptions options) => ModelFile.Open(options.ModelPath).Plan(options, new Said()).Plan;

    private sealed class Said : IProgress<SessionNotice>
    {
        public List<SessionNotice> Notices { get; } = [];

        public void Report(SessionNotice value) => Notices.Add(value);
    }
}
