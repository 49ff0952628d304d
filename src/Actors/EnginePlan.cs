using LayerStream.Actors.Run;
using LayerStream.Formats.Routes;
using LayerStream.Memory;
using LayerStream.Models;
using LayerStream.Models.Spec;
using LayerStream.Planning;

namespace LayerStream.Actors;

/// <summary>A sealed budget sheet and what follows from it.</summary>
public sealed record EnginePlan
{
    public required ModelSpec Spec { get; init; }

    public required MemoryPlan Memory { get; init; }

    public required BudgetSheet Sheet { get; init; }

    public required int Threads { get; init; }

    /// <summary>Bytes the GC may commit; the host applies it as the hard heap limit.</summary>
    public required long HeapLimitBytes { get; init; }

    /// <summary>
    /// Tokens that decide between short and long factors of a rotation: the context that was asked for, else the trained one. Never a
    /// context that follows the budget, or the output would.
    /// </summary>
    public required int RopeContext { get; init; }

    /// <summary>Events the trace ring holds.</summary>
    public required int TraceCapacity { get; init; }

    /// <summary>See <see cref="EngineOptions.DropColdExperts"/>.</summary>
    public float DropColdExperts { get; init; }

    /// <summary>The lossy options in force, for people: results differ from the model's own. Empty by default.</summary>
    public IReadOnlyList<string> Lossy { get; init; } = [];

    /// <summary>Header of the routing that a run of this model can record; null without experts.</summary>
    public RouteHeader? RouteHeader => Spec.ExpertBanks.Count == 0 ? null : RouteRecorder.Header(Spec);

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
