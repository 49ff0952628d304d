using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning.Drafts;

namespace LayerStream.Planning;

/// <summary>What a memory plan is made from.</summary>
/// <param name="BudgetBytes">Bytes the whole process may take.</param>
/// <param name="HeapBytes">Managed heap, limited hard.</param>
/// <param name="RuntimeBytes">Runtime, libraries, JIT code and stacks.</param>
/// <param name="Context">Tokens of context; 0 = choose.</param>
/// <param name="PrefetchDepth">Slots ahead of compute; 0 = choose.</param>
/// <param name="Pages">How keys and values lie in pages.</param>
public sealed record PlanInputs(
    ModelSpec Spec, long BudgetBytes, long HeapBytes, long RuntimeBytes, int Threads, int Context, int PrefetchDepth,
        PageLayout Pages)
{
    /// <summary>Bytes of a sequence of that many tokens, without copies of a recurrent state.</summary>
    public long StateBytes(int tokens) =>
        checked((PageLayout.Pages(tokens) * Pages.PageBytes) + SequenceState.SnapshotBytes(Spec));

    /// <summary>Managed memory that requests may take.</summary>
    public long RequestBytes { get; init; }

    /// <summary>Managed memory for copies of traces.</summary>
    public long TraceExportBytes { get; init; }

    /// <summary>Pages that buffered reads of weights may leave in the page cache.</summary>
    public long BufferedReadBytes { get; init; }

    /// <summary>Pages that a file beside the model may have in the page cache.</summary>
    public long WrittenFileBytes { get; init; }

    /// <summary>Whether layers with a window may give up what is behind it, so that a state cannot be cut in front of that.</summary>
    public bool MayDropBehindWindows { get; init; }

    /// <summary>Sequences that run at the same time; 0 = choose.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Most sequences where their number is to be chosen and many are wanted; 0 = as many as usual.</summary>
    public int MostSequences { get; init; }

    /// <summary>Tokens that all sequences begin with: their number, where it is to be chosen, counts the pages of them once.</summary>
    public int SharedTokens { get; init; }

    /// <summary>Bytes of a copy of a sequence's recurrent state; 0 = none is kept.</summary>
    public long SnapshotBytes { get; init; }

    /// <summary>Guesses of a sequence in a pass; 0 = none are to be tried.</summary>
    public int DraftRows { get; init; }

    /// <summary>What a model takes that guesses for this one, or null.</summary>
    public DraftMemory? DraftModel { get; init; }

    /// <summary>Buffers through which kept states pass on their way to and from a folder.</summary>
    public long StateStagingBytes { get; init; }

    /// <summary>Slots for experts that are not kept; 0 = choose.</summary>
    public int TransientExperts { get; init; }
}
