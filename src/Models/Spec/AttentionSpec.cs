using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>Softmax attention over cached keys and values, with what families add to it.</summary>
public sealed record AttentionSpec : BranchSpec
{
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Values per query and key head.</summary>
    public required int KeyDim { get; init; }

    /// <summary>Values per value head.</summary>
    public required int ValueDim { get; init; }

    /// <summary>Factor on query·key before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>Keys that a query sees.</summary>
    public KeyWindow Window { get; init; }

    /// <summary>Index of the rotation in <see cref="ModelSpec.Ropes"/>; null = none.</summary>
    public int? Rope { get; init; }

    public RopeStyle RopeStyle { get; init; }

    public QkNorm QkNorm { get; init; }

    public SmallWeight? QueryNorm { get; init; }

    public SmallWeight? KeyNorm { get; init; }

    /// <summary>Logits [Heads] in the softmax's denominator only, or null.</summary>
    public SmallWeight? Sinks { get; init; }

    /// <summary>Whether the rows of the query projection hold per head the query, then its gate.</summary>
    public bool HasQueryGate { get; init; }

    public QueryTemperature? Temperature { get; init; }

    /// <summary>Whether each value head is divided by its root mean square.</summary>
    public bool NormalisesValues { get; init; }

    /// <summary>Earlier layer whose keys and values are used; null = this layer writes its own.</summary>
    public int? KvSource { get; init; }

    /// <summary>Rows q, k, v in one matrix; null when they are separate.</summary>
    public WeightMatrix? Qkv { get; init; }

    public WeightMatrix? Query { get; init; }

    /// <summary>Null with <see cref="Qkv"/> or <see cref="KvSource"/>.</summary>
    public WeightMatrix? Key { get; init; }

    /// <summary>Null with <see cref="Qkv"/> or <see cref="KvSource"/>, or when the raw keys are the values.</summary>
    public WeightMatrix? Value { get; init; }

    public required WeightMatrix Output { get; init; }

    /// <summary>Floats from query head to query head.</summary>
    public int QueryStride => HasQueryGate ? 2 * KeyDim : KeyDim;

    /// <summary>Floats of all query heads, gates included.</summary>
    public int QueryWidth => Heads * QueryStride;

    /// <summary>Floats of all key heads.</summary>
    public int KeyWidth => KvHeads * KeyDim;

    /// <summary>Floats of all value heads.</summary>
    public int ValueWidth => KvHeads * ValueDim;

    /// <summary>Where the mixed heads begin in a row of intermediate results: behind q, k, v.</summary>
    internal long MixedOffset => RowRoom.CacheLines((long)QueryWidth + KeyWidth + ValueWidth);

    /// <inheritdoc/>
    public override long RowFloats => MixedOffset + ((long)Heads * ValueDim);

    /// <inheritdoc/>
    public override int WidestInput => Math.Max(Output.Columns, (Qkv ?? Query!).Columns);

    /// <inheritdoc/>
    public override long ThreadFloats => Attention.ScratchFloats(TokensTogether * (Heads / KvHeads), ValueDim);

    /// <summary>Most tokens whose queries of a key head are computed together.</summary>
    internal int TokensTogether => Attention.TokensTogether(Heads / KvHeads, ValueDim);

    /// <inheritdoc/>
    public override IReadOnlyList<long> StateRowBytes(KvType type)
    {
        int element = type == KvType.F16 ? 2 : 4;
        return KvSource is null ? [(long)KeyWidth * element, (long)ValueWidth * element] : [];
    }
}
