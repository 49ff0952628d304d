using LayerStream.Formats;
using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>A model resolved to what one pass needs, layer by layer; no family name is looked at after this.</summary>
public sealed record ModelSpec
{
    /// <summary>Full path of the model's first file.</summary>
    public required string File { get; init; }

    /// <summary>Name of its family: <c>general.architecture</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Number of its first layer in the model, of which it may be a part.</summary>
    public int FirstLayer { get; init; }

    /// <summary>Whether layers of the model that are not part of this have a state that cannot be cut.</summary>
    public bool IsRecurrentElsewhere { get; init; }

    /// <summary>Whether the head is part of it, as it is of a whole model and of its last part.</summary>
    public bool HasHead => Head.Id < Matrices.Count;

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Rows of the embedding table and of the head.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Context the model was trained for, in tokens.</summary>
    public required int TrainedContext { get; init; }

    /// <summary>Epsilon of every RMS norm.</summary>
    public required float Epsilon { get; init; }

    public required IReadOnlyList<LayerSpec> Layers { get; init; }

    /// <summary>All streamed matrices in the order in which a pass uses them; the head is last.</summary>
    public required IReadOnlyList<WeightMatrix> Matrices { get; init; }

    /// <summary>The experts of each layer that has some; their matrices are not among <see cref="Matrices"/>.</summary>
    public IReadOnlyList<ExpertBank> ExpertBanks { get; init; } = [];

    /// <summary>All resident vectors.</summary>
    public required IReadOnlyList<SmallWeight> SmallWeights { get; init; }

    /// <summary>Bytes of the buffer that holds <see cref="SmallWeights"/>.</summary>
    public required long SmallWeightBytes { get; init; }

    public required TensorInfo TokenEmbedding { get; init; }

    /// <summary>Factor on embeddings.</summary>
    public required float EmbeddingScale { get; init; }

    /// <summary>Per-layer embeddings, or null.</summary>
    public LayerInputSpec? LayerInputs { get; init; }

    public required SmallWeight OutputNorm { get; init; }

    public required WeightMatrix Head { get; init; }

    /// <summary>Factor on logits.</summary>
    public required float LogitFactor { get; init; }

    /// <summary>c of c·tanh(logit/c); 0 = no cap.</summary>
    public required float LogitCap { get; init; }

    /// <summary>How it makes embeddings, if it does.</summary>
    public PoolingKind Pooling { get; init; }

    /// <summary>Rotations that layers name by index; the tables are made when the factor tensors are in memory.</summary>
    public required IReadOnlyList<RopeSpec> Ropes { get; init; }

    /// <summary>Bytes of state that one token adds to a sequence over all layers.</summary>
    public long StateBytesPerToken(KvType type) => Layers.Sum(l => l.Mixer.StateBytesPerToken(type));

    /// <summary>Bytes of state of a sequence whatever its length, with the alignment of each layer's area.</summary>
    public long StateBytesPerSequence => Layers.Sum(l => l.Mixer.StateBytesPerSequence + BranchSpec.StateAlignment);

    /// <summary>Whether a pass can go on in front of a layer from rows of the residual stream alone, in another engine: no layer behind
    /// looks at keys that one in front keeps, or at inputs of the tokens themselves.</summary>
    public bool CanCutAt(int layer) => layer == 0 || CanCutInFrontOf(layer);

    // Apart, because a captured variable is allocated where its method begins, for every pass.
    private bool CanCutInFrontOf(int layer) => LayerInputs is null
        && Layers.Skip(layer).All(l => l.Mixer is not AttentionSpec { KvSource: { } source } || source >= layer);

    /// <summary>All tensors that the model is made of; one with two uses comes twice.</summary>
    public IEnumerable<TensorInfo> Tensors =>
        Matrices.Select(m => m.Tensor).Concat(ExpertBanks.SelectMany(b => b.Matrices).SelectMany(m => m.Tensors))
            .Concat(SmallWeights.Select(w => w.Tensor))
            .Append(TokenEmbedding).Concat(LayerInputs is { } inputs ? [inputs.Table] : []);

    /// <summary>Bytes of all matrices.</summary>
    public long MatrixBytes => Matrices.Sum(m => m.Tensor.Extent.Length);

    /// <summary>Bytes of the longest row that is read for a token.</summary>
    public long EmbeddingRowBytes => Math.Max(TokenEmbedding.RowBytes, LayerInputs?.Table.RowBytes ?? 0);
}
