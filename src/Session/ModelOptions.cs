using LayerStream.Actors;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Planning;
using LayerStream.Planning.Drafts;
using LayerStream.Planning.Experts;
using LayerStream.Sampling;

namespace LayerStream.Session;

/// <summary>The options common to all verbs after binding: flag, then environment, then file, then default.</summary>
public sealed record ModelOptions
{
    // Connections and their buffers; what requests take has an account of its own.
    private const long ServerHeapBytes = 24L << 20;
    private const long ServerRuntimeBytes = 76L << 20;

    /// <summary>Bytes of bodies that wait until the model is loaded that they name; managed heap of a daemon that switches.</summary>
    public const long WaitingBodyBytes = 8L << 20;

    /// <summary>Libraries and code in memory before the first run, at least; 0 = what a command has.</summary>
    public long LeastRuntimeBytes { get; init; }

    /// <summary>See <see cref="EngineOptions.Serves"/>.</summary>
    public bool Serves { get; init; }

    /// <summary>Managed heap that a verb needs beside the engine's; part of the heap account.</summary>
    public long ExtraHeapBytes { get; init; }

    /// <summary>The GGUF file (or first shard).</summary>
    public required string ModelPath { get; init; }

    /// <summary>Full paths of the folders of models.</summary>
    public IReadOnlyList<string> ModelFolders { get; init; } = [];

    /// <summary>Memory budget in bytes; null for a share of what is free.</summary>
    public long? BudgetBytes { get; init; }

    /// <summary>Tiles loaded ahead; 0 = chosen by the planner.</summary>
    public int PrefetchDepth { get; init; }

    /// <summary>Compute threads; 0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Sequences that run at the same time; 0 = as many as there is room for.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Most of them where their number is chosen and many are wanted; 0 = as many as usual.</summary>
    public int MostSequences { get; init; }

    /// <summary>Tokens that all of them begin with, as far as is known.</summary>
    public int SharedTokens { get; init; }

    /// <summary>Whether passes try guesses, and from where.</summary>
    public DraftMode Drafts { get; init; }

    /// <summary>The GGUF file of a smaller model that guesses for this one; null = there is none.</summary>
    public string? DraftModelPath { get; init; }

    /// <summary>Whether that model is loaded.</summary>
    public bool UsesDraftModel => DraftModelPath is not null && Drafts is DraftMode.Auto or DraftMode.Model;

    /// <summary>Whether the managed heap is held to its account: only where the whole process is this program's.</summary>
    public bool LimitsHeap { get; init; } = true;

    /// <summary>Whether conversations come, whose turns go on from the state that the last one left.</summary>
    public bool Converses { get; init; }

    /// <summary>Full path of the folder in which states are kept for later starts; null = none are.</summary>
    public string? StateFolder { get; init; }

    /// <summary>Bytes that all files in it may take.</summary>
    public long StateBytes { get; init; } = EngineOptions.DefaultStateBytes;

    /// <summary>Seconds that a pass may take because of prompts while another sequence waits for its next token.</summary>
    public double MostPassSeconds { get; init; } = 2;

    /// <summary>Tokens of context of each sequence; 0 = default of the planner.</summary>
    public int Context { get; init; }

    /// <summary>Type of the key/value cache.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>Precision of activations in matrix products.</summary>
    public ActivationMode Activations { get; init; } = ActivationModes.Default;

    /// <summary>Reads at the same time; 0 = choose.</summary>
    public int ReadsInFlight { get; init; }

    /// <summary>Slots for experts that are not kept; 0 = choose.</summary>
    public int TransientExperts { get; init; }

    /// <summary>Lossy: experts per token; 0 = the model's own number.</summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>Lossy: share of a token's weights below which an expert that is not in memory is skipped; 0 = never.</summary>
    public float DropColdExperts { get; init; }

    /// <summary>Name of the policy that decides which experts stay.</summary>
    public string ExpertPolicy { get; init; } = ExpertPolicies.Default;

    /// <summary>When experts are read before they are demanded.</summary>
    public PredictionMode Prediction { get; init; }

    /// <summary>One JSON object on stdout instead of text.</summary>
    public bool Json { get; init; }

    /// <summary>No budget sheet, no progress.</summary>
    public bool Quiet { get; init; }

    /// <summary>Chat template instead of the model's own: a file, or <c>chatml</c>; null = the model's.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>What the model is told before a conversation that has no system message; null = nothing.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>Whether control tokens are recognised in the text of messages too: then a user can close turns.</summary>
    public bool ParseMessages { get; init; }

    /// <summary>File of what runs teach for predictions; null = none is read or written.</summary>
    public string? ProfilePath { get; init; }

    /// <summary>Whether the device's rate is measured while the model is opened.</summary>
    public bool MeasuresDevice { get; init; }

    /// <summary>See <see cref="EngineOptions.RecordsTrace"/>.</summary>
    public bool RecordsTrace { get; init; } = true;

    /// <summary>How tokens are drawn.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Long names without dashes in front ("top-k", "context") of everything set by flag, environment or file.</summary>
    public IReadOnlySet<string> Explicit { get; init; } = new HashSet<string>();

    /// <summary>Strings that end a generation.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>The same as the engine takes it.</summary>
    public EngineOptions ToEngineOptions() => new()
    {
        ModelPath = ModelPath,
        BudgetBytes = BudgetBytes,
        PrefetchDepth = PrefetchDepth,
        ReadsInFlight = ReadsInFlight,
        TransientExperts = TransientExperts,
        Threads = Threads,
        Sequences = Sequences,
        MostSequences = MostSequences,
        SharedTokens = SharedTokens,
        MostPassSeconds = MostPassSeconds,
        Drafts = Drafts,
        KeepsSnapshots = Converses || Serves || StateFolder is not null,
        AwaitsTurns = Converses || Serves,
        StateFolder = StateFolder,
        StateBytes = StateBytes,
        Context = Context,
        KvType = KvType,
        Activations = Activations,
        ExpertsPerToken = ExpertsPerToken,
        DropColdExperts = DropColdExperts,
        ExpertPolicy = ExpertPolicy,
        Prediction = Prediction,
        ExtraHeapBytes = ExtraHeapBytes,
        LeastRuntimeBytes = LeastRuntimeBytes,
        Serves = Serves,
        RecordsTrace = RecordsTrace,
    };

    /// <summary>The same for what reads texts only: there is nothing to guess.</summary>
    public ModelOptions WithoutDrafts() => this with { Drafts = DraftMode.Off };

    /// <summary>The same for a server: requests, connections and their buffers live on the managed heap, its libraries in the runtime's
    /// reserve.</summary>
    public ModelOptions ForServing() => this with
    {
        ExtraHeapBytes = ServerHeapBytes,
        LeastRuntimeBytes = ServerRuntimeBytes,
        Serves = true,
        MeasuresDevice = true
    };

    /// <summary>The same for a server that switches between models: requests wait for theirs to be loaded.</summary>
    public ModelOptions ForSwitching()
    {
        ModelOptions serving = ForServing();
        return serving with { ExtraHeapBytes = serving.ExtraHeapBytes + WaitingBodyBytes };
    }
}
