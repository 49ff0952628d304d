using LayerStream.Actors.Drafts;
using LayerStream.Actors.Run;
using LayerStream.Formats.Routes;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors;

/// <summary>A sealed budget sheet and what follows from it.</summary>
public sealed record EnginePlan
{
    // What code and stacks grow by once a run starts is not taken yet, and covers the blocks of a probe where a model has next to no
    // weights.
    private const long LeastMeasuringBytes = 8L << 20;

    public required ModelSpec Spec { get; init; }

    public required MemoryPlan Memory { get; init; }

    /// <summary>The same model and options under any other budget.</summary>
    public required BudgetDivision Division { get; init; }

    public required BudgetSheet Sheet { get; init; }

    public required int Threads { get; init; }

    /// <summary>Of them, those that passes begin with: measured passes decide about the others.</summary>
    public required int StartThreads { get; init; }

    /// <summary>Bytes the GC may commit; the host applies it as the hard heap limit.</summary>
    public required long HeapLimitBytes { get; init; }

    /// <summary>
    /// Tokens that decide between short and long factors of a rotation: the context that was asked for, else the trained one. Never a
    /// context that follows the budget, or the output would.
    /// </summary>
    public required int RopeContext { get; init; }

    /// <summary>Events the trace ring holds.</summary>
    public required int TraceCapacity { get; init; }

    /// <summary>The model that guesses for this one, which the accounts have room for; null = there is none.</summary>
    public DraftFile? DraftModel { get; init; }

    /// <summary>Why the one of the options is not it; null = none was left out.</summary>
    public DraftModelCost? LeftOutDraftModel { get; init; }

    /// <summary>See <see cref="EngineOptions.DropColdExperts"/>.</summary>
    public float DropColdExperts { get; init; }

    /// <summary>The lossy options in force, for people: results differ from the model's own. Empty by default.</summary>
    public IReadOnlyList<string> Lossy { get; init; } = [];

    /// <summary>Header of the routing that a run of this model can record; null without experts.</summary>
    public RouteHeader? RouteHeader => Spec.ExpertBanks.Count == 0 ? null : RouteRecorder.Header(Spec);

    /// <summary>
    /// An account for measurements while nothing is loaded: as much native memory as loading will take. What it holds must be given back
    /// before the engine starts.
    /// </summary>
    public BudgetAccount MeasuringAccount()
    {
        string[] others =
        [
            AccountNames.ManagedHeap, AccountNames.Runtime, AccountNames.Requests, AccountNames.TraceExport,
            AccountNames.BufferedReads, AccountNames.WrittenFiles,
        ];
        long native = Sheet.Free + Sheet.Accounts.Where(a => !others.Contains(a.Name)).Sum(a => a.LimitBytes);
        return new("measurements", Math.Max(LeastMeasuringBytes, native));
    }

    /// <summary>The plan with another division of memory, on a sealed sheet of its own that holds just what the division takes: for trials
    /// of divisions.</summary>
    public EnginePlan Divided(ModelSpec spec, MemoryPlan memory)
    {
        Dictionary<string, long> changed = new()
        {
            [AccountNames.PinnedWeights] = memory.PinnedBytes,
            [AccountNames.RingSlots] = (long)memory.OwnSlots * memory.SlotBytes,
            [AccountNames.ExpertSlots] = memory.Experts.Bytes - memory.Experts.ReserveBytes,
            [AccountNames.SlotReserve] = memory.ReserveBytes,
            [AccountNames.RouterCopies] = memory.RouterCopyBytes,
            [AccountNames.Activations] = Workspace.Bytes(spec, memory.Batch, memory.LogitRows, Threads),
        };
        KeyValuePair<string, long>[] accounts =
            [.. changed, .. Sheet.Accounts.Where(a => !changed.ContainsKey(a.Name)).Select(a => KeyValuePair.Create(a.Name, a.LimitBytes))];
        BudgetSheet sheet = new(accounts.Sum(a => a.Value));
        foreach ((string account, long bytes) in accounts)
        {
            sheet.Add(account, bytes);
        }

        sheet.Seal();
        return this with { Spec = spec, Memory = memory with { Accounts = accounts }, Sheet = sheet };
    }

    public long SmallestBudgetBytes => Memory.SmallestBudgetBytes;

    public long PinnedBytes => Memory.PinnedBytes;

    public long StreamedBytesPerToken => Memory.StreamedBytesPerToken;

    /// <summary>Bytes of weights that every token multiplies by.</summary>
    public long DenseBytes => Spec.MatrixBytes;

    /// <summary>Bytes of weights that one token multiplies by: the dense part and the experts it is routed to.</summary>
    public long UsedBytesPerToken => DenseBytes + Experts.RoutedBytesPerToken;

    /// <summary>Slots for experts.</summary>
    public ExpertPlan Experts => Memory.Experts;

    public int PrefetchDepth => Memory.PrefetchDepth;

    public long SlotBytes => Memory.SlotBytes;

    public int Context => Memory.Context;
}
