using LayerStream.Formats;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Planning.Drafts;

namespace LayerStream.Planning;

/// <summary>Divides a budget into accounts: fixed needs first, then the ring and a slot for demanded experts, and all that is left keeps
/// weights.</summary>
public static class MemoryPlanner
{
    private const long MiB = 1 << 20;
    private const int PageTableShare = 512; // budget ÷ page tables
    private const int FrugalBatch = 8;
    private const int LeastSlots = 2; // one in use, one ahead
    private const int SmallStagingBytes = 256 * 1024;
    private const long MostAhead = 16 * MiB;
    private const int StateShare = 8;     // budget ÷ states of sequences, where the context is not given
    private const int UsualMost = 8;      // sequences, where their number is not given
    private const int LogitShare = 64;    // budget ÷ logits of sequences, where many are wanted
    private const int ChosenContext = 1024;
    private const int SnapshotShare = 64; // budget ÷ copies of recurrent states, the first of each sequence apart
    private const int MostSnapshots = 4;
    private const int RouterCopyShare = 128; // what is left for weights ÷ copies of routers

    /// <summary>Plans a model. The sum of the accounts exceeds the budget when it is too small; nothing is pinned then.</summary>
    public static MemoryPlan Plan(PlanInputs inputs)
    {
        PlanInputs least = inputs with { Sequences = Math.Max(1, inputs.Sequences) };
        inputs = inputs with { Sequences = Sequences(inputs) };
        long smallest = Smallest(least);
        long tileBytes = Math.Clamp(ExtentWindow.RoundDown(inputs.BudgetBytes / 256), 256 * 1024, 4 * MiB);
        MemoryPlan plan = Build(inputs, Context(inputs), tileBytes, Depth(inputs, tileBytes), smallest, inputs.BudgetBytes / StateShare);
        if (plan.Sum > inputs.BudgetBytes && inputs.BudgetBytes >= smallest)
        {
            // The comfortable sizes do not fit, the frugal ones do, at the latest with one sequence where their number is chosen.
            plan = Frugal(inputs, smallest);
            plan = plan.Sum > inputs.BudgetBytes ? Frugal(least, smallest) : plan;
        }

        return plan;
    }

    /// <summary>The smallest sizes, with pages for as many sequences as the budget allows: a page that lets another sequence run spares
    /// more than weights that are pinned in its place.</summary>
    private static MemoryPlan Frugal(PlanInputs inputs, long smallest)
    {
        long page = Math.Max(1, inputs.Pages.PageBytes), share = inputs.Sequences > 1 ? inputs.BudgetBytes / StateShare : 0;
        MemoryPlan plan = Frugal(inputs, smallest, share);
        if (plan.Sum <= inputs.BudgetBytes || share == 0)
        {
            return plan;
        }

        plan = Frugal(inputs, smallest, 0);
        for (long fit = 0, above = share / page; above - fit > 1;)
        {
            long middle = fit + ((above - fit) / 2);
            MemoryPlan tried = Frugal(inputs, smallest, middle * page);
            (plan, fit, above) = tried.Sum <= inputs.BudgetBytes ? (tried, middle, above) : (plan, fit, middle);
        }

        return plan;
    }

    private static MemoryPlan Frugal(PlanInputs inputs, long smallest, long shareBytes) =>
        Build(inputs, FrugalContext(inputs), 256 * 1024, Math.Max(1, inputs.PrefetchDepth), smallest, shareBytes, frugal: true);

    /// <summary>Bytes for windows of reads that go to no slot: a piece of the small weights, and a row of embeddings.</summary>
    public static long StagingBytes(ModelSpec spec) => SmallStagingBytes + ExtentWindow.RoundUp(spec.EmbeddingRowBytes);

    private static long Smallest(PlanInputs inputs)
    {
        PlanInputs nothing = inputs with { BudgetBytes = 0 };
        long bytes = Frugal(nothing, 0).Sum;
        bytes += (bytes / (PageTableShare - 1)) + 1; // the page tables of that budget
        return (bytes + MiB - 1) / MiB * MiB;
    }

    /// <summary>As many as have room for a usual conversation each within the share of states; a budget that is too small for two has
    /// one.</summary>
    private static int Sequences(PlanInputs inputs)
    {
        if (inputs.Sequences > 0)
        {
            return inputs.Sequences;
        }

        int context = Math.Min(inputs.Context > 0 ? inputs.Context : inputs.Spec.TrainedContext, ChosenContext);
        long shared = Math.Clamp(inputs.SharedTokens, 0, context - 1) / PageLayout.Tokens * inputs.Pages.PageBytes;
        long most = Math.Max(UsualMost, Math.Min(inputs.MostSequences, inputs.BudgetBytes / LogitShare / (inputs.Spec.Vocabulary * 4L)));
        return (int)Math.Clamp(
            ((inputs.BudgetBytes / StateShare) - shared) / Math.Max(1, inputs.StateBytes(context) - shared), 1, most);
    }

    private static int FrugalContext(PlanInputs inputs) => inputs.Context > 0 ? inputs.Context : Math.Min(512, inputs.Spec.TrainedContext);

    private static int Context(PlanInputs inputs)
    {
        if (inputs.Context > 0)
        {
            return inputs.Context;
        }

        long held = new StatePages(inputs).Tokens((inputs.BudgetBytes / StateShare) - (inputs.Sequences
            * (inputs.Spec.StateBytesPerSequence + (Snapshots(inputs) * inputs.SnapshotBytes))), Batch(inputs.Spec, inputs.BudgetBytes));
        held -= held > PageLayout.Tokens ? held % PageLayout.Tokens : 0; // there is a whole page anyhow
        return (int)Math.Clamp(held, 1, Math.Min(8192, inputs.Spec.TrainedContext));
    }

    /// <summary>Copies of its recurrent state for each sequence: one in any case, more where they are small.</summary>
    private static int Snapshots(PlanInputs inputs) => inputs.SnapshotBytes == 0 ? 0
        : (int)Math.Clamp(inputs.BudgetBytes / SnapshotShare / (inputs.SnapshotBytes * inputs.Sequences), 1, MostSnapshots);

    /// <summary>Ahead is what keeps a disk busy, and no more: what lies longer in slots leaves the processor's cache before it is
    /// used.</summary>
    private static int Depth(PlanInputs inputs, long tileBytes) =>
        inputs.PrefetchDepth > 0 ? inputs.PrefetchDepth
            : (int)Math.Clamp(Math.Min((inputs.BudgetBytes / 16 / tileBytes) - 1, MostAhead / tileBytes), 2, 16);

    /// <summary>A plan for no more sequences than there are pages. Whoever runs has one to write to, so that more could only wait, and rows
    /// and logits of theirs would take what weights have.</summary>
    private static MemoryPlan Build(
        PlanInputs inputs, int context, long tileBytes, int depth, long smallest, long shareBytes, bool frugal = false)
    {
        MemoryPlan plan = BuildFor(inputs, context, tileBytes, depth, smallest, shareBytes, frugal);
        return plan.Pages >= plan.Sequences || inputs.Pages.PageBytes == 0 ? plan
            : Build(inputs with { Sequences = plan.Pages }, context, tileBytes, depth, smallest, shareBytes, frugal);
    }

    private static MemoryPlan BuildFor(
        PlanInputs inputs, int context, long tileBytes, int depth, long smallest, long shareBytes, bool frugal)
    {
        ModelSpec spec = inputs.Spec;
        TileMap tiles = TileMap.Create(spec, tileBytes);
        int slotBytes = checked((int)tiles.Tiles.Max(t => ExtentWindow.MostBytes(t.Extent.Length)));
        int sequences = inputs.Sequences;
        int snapshots = frugal ? 0 : Snapshots(inputs);
        int batch = Math.Max(sequences, (int)Math.Min(frugal ? FrugalBatch : Batch(spec, inputs.BudgetBytes), (long)context * sequences));
        int drafts = frugal ? 0 : inputs.DraftRows;
        int logitRows = frugal ? sequences
            : (int)Math.Clamp(Math.Max(inputs.BudgetBytes / 256 / (spec.Vocabulary * 4L), sequences + drafts), sequences, batch);
        StatePages state = new(inputs);
        (int pages, int windowPages) = state.Choose(context, batch, shareBytes);
        List<KeyValuePair<string, long>> accounts =
        [
            new(AccountNames.SequenceState, KeptBytes(inputs, state.Bytes(pages, windowPages), snapshots, drafts)),
            new(AccountNames.Activations, ExtentWindow.RoundUp(Workspace.Bytes(spec, batch, logitRows, inputs.Threads))),
            new(AccountNames.SmallWeights, ExtentWindow.RoundUp(spec.SmallWeightBytes)),
            .. DraftAccounts(inputs.DraftModel, sequences, context),
            new(AccountNames.Staging, StagingBytes(spec) + inputs.StateStagingBytes),
            new(AccountNames.ManagedHeap, inputs.HeapBytes),
            new(AccountNames.Runtime, inputs.RuntimeBytes + (inputs.BudgetBytes / PageTableShare)),
        ];
        if (inputs.BufferedReadBytes > 0)
        {
            accounts.Add(new(AccountNames.BufferedReads, inputs.BufferedReadBytes));
        }

        if (inputs.WrittenFileBytes > 0)
        {
            accounts.Add(new(AccountNames.WrittenFiles, inputs.WrittenFileBytes));
        }

        if (inputs.RequestBytes > 0)
        {
            accounts.Add(new(AccountNames.Requests, inputs.RequestBytes));
            accounts.Add(new(AccountNames.TraceExport, inputs.TraceExportBytes));
        }

        Weights weights = Divide(inputs, tiles, (long)(depth + 1) * slotBytes, inputs.BudgetBytes - accounts.Sum(a => a.Value), frugal);
        long pinnedBytes = tiles.Tiles.Where(t => weights.Pinned[t.Index]).Sum(t => t.Extent.Window.Length);
        int slots = weights.RingBytes == 0 ? 0 : depth + 1;
        int own = inputs.PrefetchDepth > 0 ? slots : Math.Min(slots, LeastSlots);
        accounts.InsertRange(0, WeightAccounts(pinnedBytes, (long)own * slotBytes, (long)(slots - own) * slotBytes, weights));
        return new MemoryPlan
        {
            Tiles = tiles,
            Pinned = weights.Pinned,
            PinnedBytes = pinnedBytes,
            SlotBytes = slotBytes,
            Slots = slots,
            OwnSlots = own,
            PrefetchDepth = weights.RingBytes == 0 ? 0 : depth,
            Experts = weights.Experts,
            RouterCopyBytes = weights.RouterCopyBytes,
            Sequences = sequences,
            Snapshots = snapshots,
            DraftRows = drafts,
            Pages = pages,
            WindowPages = windowPages,
            Context = context,
            Batch = batch,
            LogitRows = logitRows,
            Accounts = accounts,
            SmallestBudgetBytes = smallest,
            StreamedBytesPerToken = tiles.Tiles.Where(t => !weights.Pinned[t.Index]).Sum(t => t.Extent.Length)
                + (long)weights.Experts.ExpectedMissBytesPerToken,
        };
    }

    private static IEnumerable<KeyValuePair<string, long>> WeightAccounts(long pinned, long ring, long tuned, Weights weights)
    {
        ExpertPlan experts = weights.Experts;
        yield return new(AccountNames.PinnedWeights, pinned);
        yield return new(AccountNames.RingSlots, ring);
        if (experts.Layouts.Count > 0)
        {
            yield return new(AccountNames.ExpertSlots, experts.Bytes - experts.ReserveBytes);
        }

        if (weights.RouterCopyBytes > 0)
        {
            yield return new(AccountNames.RouterCopies, weights.RouterCopyBytes);
        }

        if (tuned + experts.ReserveBytes > 0)
        {
            yield return new(AccountNames.SlotReserve, tuned + experts.ReserveBytes);
        }
    }

    /// <summary>Pages of all sequences, and of each its recurrent state, copies of it, and room to try guesses.</summary>
    private static long KeptBytes(PlanInputs inputs, long pageBytes, int snapshots, int drafts)
    {
        long recurrent = SequenceState.SnapshotBytes(inputs.Spec);
        long trial = drafts == 0 || recurrent == 0 ? 0 : TrialRows.Bytes(inputs.Spec, drafts + 1);
        return ExtentWindow.RoundUp(checked(pageBytes
            + (inputs.Sequences * (recurrent + (snapshots * inputs.SnapshotBytes) + trial))));
    }

    private static KeyValuePair<string, long>[] DraftAccounts(DraftMemory? draft, int sequences, int context) => draft is null ? [] :
    [
        new(AccountNames.DraftWeights, ExtentWindow.RoundUp(draft.WeightBytes)),
        new(AccountNames.DraftState, checked(sequences * ExtentWindow.RoundUp(draft.StateBytes(context)))),
        new(AccountNames.DraftActivations, ExtentWindow.RoundUp(draft.ActivationBytes)),
    ];

    /// <summary>
    /// Rows of a prompt pass. A sweep over experts reads nearly all of them, so that it takes several hundred rows to compute as long as
    /// the sweep reads; the dense part needs far fewer.
    /// </summary>
    private static int Batch(ModelSpec spec, long budgetBytes)
    {
        (int share, int most) = spec.ExpertBanks.Count > 0 ? (24, 1024) : (64, 256);
        return (int)Math.Clamp(budgetBytes / share / Workspace.BytesPerRow(spec), FrugalBatch, most);
    }

    /// <summary>Pinned tiles, ring and expert slots within <paramref name="left"/> bytes. A model whose dense part is pinned has no
    /// ring.</summary>
    private static Weights Divide(PlanInputs inputs, TileMap tiles, long ring, long left, bool frugal)
    {
        ModelSpec spec = inputs.Spec;
        long everything = tiles.Tiles.Sum(t => t.Extent.Window.Length);
        bool isDenseHeld = everything <= left;
        if (spec.ExpertBanks.Count == 0)
        {
            return new Weights(ResidencyPlanner.Choose(tiles.Tiles, isDenseHeld ? left : left - ring), isDenseHeld ? 0 : ring,
                ExpertPlan.None);
        }

        ExpertPlanner experts = new(spec);
        if (everything + experts.AllBytes <= left)
        {
            return new Weights(ResidencyPlanner.Choose(tiles.Tiles, left), 0, experts.All());
        }

        int transients = inputs.TransientExperts > 0 ? inputs.TransientExperts : frugal ? 1 : experts.Transients(left);
        long copies = transients == 1 ? 0 : ExtentWindow.RoundUp(RouterCopies.Bytes(spec));
        copies = copies > left / RouterCopyShare ? 0 : copies;
        left -= copies;
        long transientBytes = experts.TransientBytes(transients, left), keep = left - (transients * transientBytes);
        (long dense, ExpertPlan plan) = experts.Choose(tiles.Tiles, transients, transientBytes, keep);
        if (dense == everything)
        {
            return new Weights(ResidencyPlanner.Choose(tiles.Tiles, everything), 0, plan, copies);
        }

        (dense, plan) = experts.Choose(tiles.Tiles, transients, transientBytes, keep - ring);
        return new Weights(ResidencyPlanner.Choose(tiles.Tiles, dense), dense == everything ? 0 : ring, plan, copies);
    }

    private readonly record struct Weights(bool[] Pinned, long RingBytes, ExpertPlan Experts, long RouterCopyBytes = 0);
}
