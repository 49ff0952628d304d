using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>What a file does not say about its family: one row of the table in <see cref="ArchitectureTable"/>. Everything else follows
/// from keys and tensors.</summary>
/// <param name="Name">Value of <c>general.architecture</c>, the prefix of all keys.</param>
/// <param name="Rope">Which elements of a head form a rotated pair.</param>
public sealed record Architecture(string Name, RopeStyle Rope)
{
    /// <summary>Where the norms of a branch stand.</summary>
    public NormPlace Norms { get; init; } = NormPlace.Before;

    /// <summary>Name of the norm in front of the feed-forward network.</summary>
    public string FfnNorm { get; init; } = "ffn_norm";

    /// <summary>Layer i has no rotation iff (i + 1) mod this is 0; 0 = all layers rotate.</summary>
    public int RopeFreePeriod { get; init; }

    /// <summary>Whether <c>rope.scaling.finetuned = false</c> takes the rotation from all layers.</summary>
    public bool FinetunedSwitchesRope { get; init; }

    /// <summary>What yarn multiplies cos and sin by.</summary>
    public YarnMagnitude YarnMagnitude { get; init; }

    /// <summary>What the norms of queries and keys run over.</summary>
    public QkNorm QkNorm { get; init; } = QkNorm.Head;

    /// <summary>Models with this many experts have no norms of queries and keys; 0 = none are without.</summary>
    public int ExpertsWithoutQkNorm { get; init; }

    /// <summary>Factor on query·key.</summary>
    public AttentionScale Scale { get; init; } = AttentionScale.HeadDim;

    /// <summary>Models with this many layers scale by 1/√⌊width/heads⌋ instead; 0 = none do.</summary>
    public int LayersScaledByWidth { get; init; }

    /// <summary>Which layers see only the latest keys; null = a window in the file is not meant for the pass.</summary>
    public SlidingLayers? Sliding { get; init; }

    /// <summary>Whether rows of <c>attn_q</c> hold per head the query, then its gate.</summary>
    public bool HasQueryGate { get; init; }

    /// <summary>Factor on queries of layers without rotation.</summary>
    public QueryTemperature? RopeFreeTemperature { get; init; }

    /// <summary>Whether each value head is divided by its root mean square.</summary>
    public bool NormalisesValues { get; init; }

    /// <summary>Whether a layer without <c>attn_v</c> takes its raw keys as values.</summary>
    public bool KeysMayBeValues { get; init; }

    /// <summary>Activation of the feed-forward network.</summary>
    public GatedActivation Activation { get; init; } = GatedActivation.Silu;

    /// <summary>How tokens choose experts; null = the family has none.</summary>
    public ExpertRouting? Experts { get; init; }

    /// <summary>Which key head a value head of a delta net layer reads; null = the family has no such layers.</summary>
    public DeltaHeadMap? DeltaNet { get; init; }

    /// <summary>Whether keys and values come from one latent vector per token.</summary>
    public bool HasLatentAttention { get; init; }

    /// <summary>Whether embeddings are multiplied by √width.</summary>
    public bool ScalesEmbeddingByRootWidth { get; init; }
}
