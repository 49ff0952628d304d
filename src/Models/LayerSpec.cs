namespace LayerStream.Models;

/// <summary>One decoder layer, resolved once at load: what it multiplies by and how wide its heads are.</summary>
public sealed record LayerSpec
{
    public required int Index { get; init; }

    /// <summary>Query heads, KV heads, and values per head.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Values per key head.</summary>
    public required int KeyDim { get; init; }

    /// <summary>Values per value head.</summary>
    public required int ValueDim { get; init; }

    /// <summary>Factor on query·key before the softmax.</summary>
    public required float AttentionScale { get; init; }

    public required SmallWeight AttentionNorm { get; init; }

    public required SmallWeight FfnNorm { get; init; }

    public SmallWeight? QueryNorm { get; init; }

    public SmallWeight? KeyNorm { get; init; }

    /// <summary>Rows q, k, v in one matrix; null when the three are separate.</summary>
    public WeightMatrix? Qkv { get; init; }

    public SmallWeight? QueryBias { get; init; }

    public SmallWeight? KeyBias { get; init; }

    public SmallWeight? ValueBias { get; init; }

    public WeightMatrix? Query { get; init; }

    public WeightMatrix? Key { get; init; }

    public WeightMatrix? Value { get; init; }

    public required WeightMatrix AttentionOutput { get; init; }

    /// <summary>Null when <see cref="Up"/> holds gate rows, then up rows.</summary>
    public WeightMatrix? Gate { get; init; }

    public required WeightMatrix Up { get; init; }

    public required WeightMatrix Down { get; init; }

    /// <summary>Width of the feed-forward network.</summary>
    public required int FfnWidth { get; init; }

    /// <summary>Floats of one query, key and value row together.</summary>
    public int QkvWidth => Heads * KeyDim + KvHeads * (KeyDim + ValueDim);

    /// <summary>K and V elements that one token adds.</summary>
    public int KvElements => KvHeads * (KeyDim + ValueDim);
}
