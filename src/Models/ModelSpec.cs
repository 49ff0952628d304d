using LayerStream.Formats;
using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>A model resolved to what one pass needs, layer by layer; no family name is looked at after this.</summary>
public sealed record ModelSpec
{
    public required Architecture Architecture { get; init; }

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

    /// <summary>All resident vectors.</summary>
    public required IReadOnlyList<SmallWeight> SmallWeights { get; init; }

    /// <summary>Bytes of the buffer that holds <see cref="SmallWeights"/>.</summary>
    public required long SmallWeightBytes { get; init; }

    public required TensorInfo TokenEmbedding { get; init; }

    public required SmallWeight OutputNorm { get; init; }

    public required WeightMatrix Head { get; init; }

    /// <summary>Rope keys of the file; the table is made when the factor tensor is in memory.</summary>
    public required RopeSpec Rope { get; init; }

    /// <summary>Bytes of K and V that one token adds over all layers.</summary>
    public long KvBytesPerToken(KvType type) => Layers.Sum(l => (long)l.KvElements) * (type == KvType.F16 ? 2 : 4);

    /// <summary>Bytes of all matrices.</summary>
    public long MatrixBytes => Matrices.Sum(m => m.Tensor.Extent.Length);
}
