using LayerStream.Models.Decoding;
using LayerStream.Models.Tiles;

namespace LayerStream.Planning;

/// <summary>How a budget is divided, before anything is allocated.</summary>
public sealed record MemoryPlan
{
    public required TileMap Tiles { get; init; }

    /// <summary>Per tile: stays in memory.</summary>
    public required IReadOnlyList<bool> Pinned { get; init; }

    /// <summary>Bytes of the pinned arena.</summary>
    public required long PinnedBytes { get; init; }

    /// <summary>Bytes of one slot of the ring, a multiple of 4096.</summary>
    public required int SlotBytes { get; init; }

    /// <summary>Slots of the ring: depth + the one in use; 0 when everything is pinned.</summary>
    public required int Slots { get; init; }

    /// <summary>Of them, those that the ring always has; the others are the tuner's and come from the reserve.</summary>
    public required int OwnSlots { get; init; }

    /// <summary>Slots that may be ahead of compute; 0 when everything is pinned.</summary>
    public required int PrefetchDepth { get; init; }

    /// <summary>Slots for experts.</summary>
    public ExpertPlan Experts { get; init; } = ExpertPlan.None;

    /// <summary>Bytes of copies of routers; 0 = guesses read the routers themselves.</summary>
    public long RouterCopyBytes { get; init; }

    /// <summary>Sequences that run at the same time, each with a state of its own.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Copies of its recurrent state that each sequence has room for, so that its state can serve another turn.</summary>
    public int Snapshots { get; init; }

    /// <summary>Guesses of a sequence in a pass that there is room for; 0 = none in models with recurrent layers.</summary>
    public int DraftRows { get; init; }

    /// <summary>Pages for keys and values of all sequences.</summary>
    public required int Pages { get; init; }

    /// <summary>Pages that each sequence has of its own for layers with a window; 0 = those lie in the pages of all layers.</summary>
    public int WindowPages { get; init; }

    /// <summary>Whether there are pages for as many sequences as may run, each with a whole context.</summary>
    public bool HasPagesForAll => Pages >= (long)Sequences * PageLayout.Pages(Context);

    /// <summary>Sequences that there are pages for at the same time.</summary>
    public int SequencesAtOnce => Math.Min(Sequences, Pages);

    /// <summary>Tokens that each of these may have when all have as many.</summary>
    public int ContextOfEach => Math.Min(Context, Pages / SequencesAtOnce * PageLayout.Tokens);

    /// <summary>Tokens of context of each sequence.</summary>
    public required int Context { get; init; }

    /// <summary>Rows of a prompt pass.</summary>
    public required int Batch { get; init; }

    /// <summary>Rows whose logits fit at once.</summary>
    public required int LogitRows { get; init; }

    /// <summary>Account name and bytes, in the order of printing.</summary>
    public required IReadOnlyList<KeyValuePair<string, long>> Accounts { get; init; }

    /// <summary>The smallest budget under which this model works with these options.</summary>
    public required long SmallestBudgetBytes { get; init; }

    /// <summary>Bytes a generated token demands from flash: the dense part exactly, of experts what is expected to be missed.</summary>
    public required long StreamedBytesPerToken { get; init; }

    /// <summary>Of them, those of the dense part.</summary>
    public long DenseStreamedBytes => StreamedBytesPerToken - (long)Experts.ExpectedMissBytesPerToken;

    /// <summary>Bytes of the slots that are put to use as passes show a need.</summary>
    public long ReserveBytes => ((long)(Slots - OwnSlots) * SlotBytes) + Experts.ReserveBytes;

    /// <summary>Sum of all accounts.</summary>
    public long Sum => Accounts.Sum(a => a.Value);
}
