using LayerStream.Actors.Drafts;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Planning.Drafts;
using LayerStream.Planning.Experts;

namespace LayerStream.Actors;

/// <summary>What a user may choose about an engine.</summary>
public sealed record EngineOptions
{
    /// <summary>Bytes that kept states may take unless the user says otherwise.</summary>
    public const long DefaultStateBytes = 8L << 30;

    /// <summary>The model's first file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The layers that this engine runs; null = all. See <see cref="EnginePart"/>.</summary>
    internal LayerRange? Layers { get; init; }

    /// <summary>Bytes the whole process may take; null = 80 % of what is free.</summary>
    public long? BudgetBytes { get; init; }

    /// <summary>Slots that may be ahead of compute; 0 = choose.</summary>
    public int PrefetchDepth { get; init; }

    /// <summary>Whether depth and reads follow what passes show, where neither is given.</summary>
    public bool TunesDepth { get; init; } = true;

    /// <summary>Whether the ring of the trace takes events; without, there is nothing to see and a little less to do.</summary>
    public bool RecordsTrace { get; init; } = true;

    /// <summary>Reads that may run at the same time; 0 = choose by depth and experts.</summary>
    public int ReadsInFlight { get; init; }

    /// <summary>Slots through which experts pass that are not kept; 0 = choose.</summary>
    public int TransientExperts { get; init; }

    /// <summary>Compute threads; 0 = one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>Sequences that run at the same time, each with a state of its own; 0 = as many as there is room for.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Most of them where their number is chosen and many are wanted; 0 = as many as usual.</summary>
    public int MostSequences { get; init; }

    /// <summary>Tokens that all of them begin with, as far as is known.</summary>
    public int SharedTokens { get; init; }

    /// <summary>Whether passes try guesses, and from where.</summary>
    public DraftMode Drafts { get; init; }

    /// <summary>The model that guesses for this one, where <see cref="Drafts"/> has use for it; null = there is none.</summary>
    public DraftFile? DraftModel { get; init; }

    /// <summary>Whether there is to be room for a copy of each sequence's recurrent state, so that further turns go on from it.</summary>
    public bool KeepsSnapshots { get; init; }

    /// <summary>Whether a next turn of the conversation that the folder of states has last may come: it is then put in place at the
    /// start.</summary>
    public bool AwaitsTurns { get; init; }

    /// <summary>Folder in which states are kept beyond the engine's life; null = none are.</summary>
    public string? StateFolder { get; init; }

    /// <summary>Bytes that all files in it may take.</summary>
    public long StateBytes { get; init; } = DefaultStateBytes;

    /// <summary>
    /// Seconds that a pass may take because of prompts while another sequence waits for its next token; rows that cost less than the sweep
    /// takes anyway are read all the same.
    /// </summary>
    public double MostPassSeconds { get; init; } = 2;

    /// <summary>Tokens of context of each sequence; 0 = choose.</summary>
    public int Context { get; init; }

    /// <summary>Element type of the KV cache.</summary>
    public KvType KvType { get; init; } = KvType.F16;

    /// <summary>How activations are rounded for products.</summary>
    public ActivationMode Activations { get; init; } = ActivationModes.Default;

    /// <summary>
    /// Lossy: experts per token instead of the model's own number, the best ones, weighted by the family's own rule over them; 0 = the
    /// model's own. See <see cref="Models.Spec.FewerExperts"/>.
    /// </summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>
    /// Lossy: an expert that is not in memory is skipped for a token whose router gives it less than this share of the token's weights; the
    /// remaining weights are not renormalised. What is in memory depends on the budget and on earlier tokens, and so does the output then.
    /// 0 = never.
    /// </summary>
    public float DropColdExperts { get; init; }

    /// <summary>Name of the policy that decides which experts stay, one of <see cref="ExpertPolicies.All"/>; the output does not depend on
    /// it.</summary>
    public string ExpertPolicy { get; init; } = ExpertPolicies.Default;

    /// <summary>When experts are read before they are demanded.</summary>
    public PredictionMode Prediction { get; init; }

    /// <summary>After this long without any movement, though neither disk nor processor is at work, a run fails and says who waits for
    /// what.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether requests come from outside: the sheet then has accounts for what they take.</summary>
    public bool Serves { get; init; }

    /// <summary>Managed heap that the caller needs beside the engine's, for example for requests; part of the heap account.</summary>
    public long ExtraHeapBytes { get; init; }

    /// <summary>Least that is reserved for libraries and code in memory before the first run; 0 = what a command has.</summary>
    public long LeastRuntimeBytes { get; init; }

    /// <summary>Bytes to reserve for the runtime; 0 = measure this process.</summary>
    public long RuntimeReserveBytes { get; init; }
}
