namespace LayerStream.Planning;

/// <summary>Names of the accounts of a budget, as they are printed: the only spelling of each.</summary>
public static class AccountNames
{
    /// <summary>Tiles that stay.</summary>
    public const string PinnedWeights = "weights: pinned";

    /// <summary>Slots that the ring always has, through which the other tiles pass.</summary>
    public const string RingSlots = "weights: ring";

    /// <summary>Slots of experts: resident ones, and one through which a missed expert passes.</summary>
    public const string ExpertSlots = "weights: experts";

    /// <summary>Routers once more, for guesses at the experts that will be chosen.</summary>
    public const string RouterCopies = "weights: router copies";

    /// <summary>Slots that are put to use as passes show a need: more of the ring by the tuner, more for missed and predicted
    /// experts.</summary>
    public const string SlotReserve = "slots reserve";

    /// <summary>Keys and values, recurrent state.</summary>
    public const string SequenceState = "kv cache";

    /// <summary>Rows of a pass, scratch of the threads, logits.</summary>
    public const string Activations = "activations and logits";

    /// <summary>Weights too small to stream.</summary>
    public const string SmallWeights = "norms and biases";

    /// <summary>All weights of the model that guesses.</summary>
    public const string DraftWeights = "draft model: weights";

    /// <summary>Its keys and values, recurrent state.</summary>
    public const string DraftState = "draft model: kv cache";

    /// <summary>Its rows, scratch of the threads, logits.</summary>
    public const string DraftActivations = "draft model: activations";

    /// <summary>Windows of reads that go to no slot.</summary>
    public const string Staging = "I/O staging";

    /// <summary>Managed heap of the engine, tokenizer and metadata, held by a hard limit together with the two below.</summary>
    public const string ManagedHeap = "managed heap";

    /// <summary>What requests take, managed: bodies, rendered prompts, samplers, replies that are not sent yet.</summary>
    public const string Requests = "requests";

    /// <summary>Copies of traces while they are exported, managed.</summary>
    public const string TraceExport = "traces being exported";

    /// <summary>Pages of the page cache that reads of weights leave until they are dropped, where reads cannot bypass it.</summary>
    public const string BufferedReads = "buffered fallback";

    /// <summary>Pages of the page cache of a file beside the model, written or read from end to end, until they are dropped.</summary>
    public const string WrittenFiles = "files being written";

    /// <summary>Runtime, libraries, JIT code, stacks, page tables.</summary>
    public const string Runtime = "runtime reserve";
}
