using System.Numerics;
using LayerStream.Actors.Kept;
using LayerStream.Actors.Tracing;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Planning.Drafts;
using LayerStream.Planning.Experts;
using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>How memory is divided for one model and its options, under any budget: pure, so that a plan can be asked what another budget
/// would buy.</summary>
/// <param name="spec">The model.</param>
/// <param name="options">What the user chose; its budget has no part in this.</param>
/// <param name="policy">Who decides which experts stay.</param>
/// <param name="threads">Compute threads.</param>
/// <param name="heapBaseBytes">Managed heap but for the trace and what requests take.</param>
/// <param name="runtimeBytes">Runtime, libraries, JIT code and stacks.</param>
public sealed class BudgetDivision(ModelSpec spec, EngineOptions options, ExpertPolicyRow policy, int threads, long heapBaseBytes,
    long runtimeBytes)
{
    /// <summary>Reads at the same time unless the user chooses, at most.</summary>
    internal const int UsualReads = 12;

    private const long MiB = 1 << 20;
    private const long LeastRequestBytes = 8 * MiB;
    private const long MostRequestBytes = 256 * MiB;
    private const long LeastTraceBytes = MiB / 2;
    private const long MostTraceBytes = 16 * MiB;

    /// <summary>The division under a budget: it exceeds the budget when that is too small.</summary>
    /// <returns>The division, the events of the trace, and the bytes that requests may take.</returns>
    public (MemoryPlan Memory, int TraceCapacity, long RequestBytes) At(long budgetBytes)
    {
        int capacity = TraceCapacity(Math.Clamp(budgetBytes / 256, LeastTraceBytes, MostTraceBytes));
        int least = TraceCapacity(LeastTraceBytes);
        (long requests, long leastRequests) = options.Serves
            ? (Math.Clamp(budgetBytes / 24, LeastRequestBytes, MostRequestBytes), LeastRequestBytes) : (0, 0);
        MemoryPlan memory = Divide(budgetBytes, capacity, requests);
        long smallest = Divide(budgetBytes, least, leastRequests).SmallestBudgetBytes;
        if (memory.Sum > budgetBytes)
        {
            // A short trace and few requests are part of what the smallest budget means.
            (capacity, requests) = (least, leastRequests);
            memory = Divide(budgetBytes, capacity, requests);
        }

        return (memory with { SmallestBudgetBytes = smallest, Experts = memory.Experts with { Policy = policy } }, capacity, requests);
    }

    private MemoryPlan Divide(long budgetBytes, int capacity, long requestBytes) => MemoryPlanner.Plan(new PlanInputs(
        spec, budgetBytes, heapBaseBytes + TraceRing.BytesFor(capacity), runtimeBytes, threads, options.Context, options.PrefetchDepth,
        new PageLayout(spec, options.KvType))
    {
        BufferedReadBytes = (long)Math.Max(options.ReadsInFlight, UsualReads) * FlashDevice.CachedBytesPerRead,
        WrittenFileBytes = TransientFile.RoomBytes + (options.StateFolder is null ? 0 : StateFolder.CachedBytes),
        StateStagingBytes = options.StateFolder is null ? 0 : StateFolder.StagingBytes,
        // Neither a file nor another engine follows that, and what many prompts begin with must stay.
        MayDropBehindWindows = options is { StateFolder: null, Layers: null, SharedTokens: 0 },
        RequestBytes = requestBytes,
        TraceExportBytes = options.Serves ? TraceRing.BytesFor(capacity) : 0,
        TransientExperts = options.TransientExperts,
        Sequences = options.Sequences,
        MostSequences = options.MostSequences,
        SharedTokens = options.SharedTokens,
        DraftRows = options.Drafts == DraftMode.Off ? 0 : DraftGate.MostDrafts,
        DraftModel = options.DraftModel?.Memory(options.KvType, threads),
        SnapshotBytes = options.KeepsSnapshots ? SequenceState.SnapshotBytes(spec) : 0,
    });

    private static int TraceCapacity(long bytes) => 1 << BitOperations.Log2((uint)(bytes / TraceRing.BytesFor(1)));
}
