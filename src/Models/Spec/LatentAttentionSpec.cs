using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Spec;

/// <summary>
/// Attention whose keys and values are made from one latent vector per token, beside one rotated key that all heads share. Files with
/// separate matrices for keys and values let queries meet the latent itself, which alone is kept; older ones hold both in one matrix,
/// and their expanded keys and values are kept.
/// </summary>
public sealed record LatentAttentionSpec : BranchSpec
{
    public required int Heads { get; init; }

    /// <summary>Values of a query head without rotation.</summary>
    public required int PlainDim { get; init; }

    /// <summary>Values of a query head with rotation, behind the others.</summary>
    public required int RopeDim { get; init; }

    /// <summary>Values of an output head.</summary>
    public required int ValueDim { get; init; }

    /// <summary>Values of the latent vector.</summary>
    public required int Latent { get; init; }

    /// <summary>Factor on query·key before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>Index of the rotation in <see cref="ModelSpec.Ropes"/>.</summary>
    public required int Rope { get; init; }

    public RopeStyle RopeStyle { get; init; }

    public QueryTemperature? Temperature { get; init; }

    /// <summary>First of two query matrices, with a norm between them; null = one matrix.</summary>
    public WeightMatrix? QueryDown { get; init; }

    public SmallWeight? QueryNorm { get; init; }

    /// <summary>To all query heads.</summary>
    public required WeightMatrix Query { get; init; }

    /// <summary>To the latent vector and the shared key.</summary>
    public required WeightMatrix KeyValueDown { get; init; }

    public required SmallWeight LatentNorm { get; init; }

    /// <summary>[PlainDim, Latent · Heads]: a query head to what meets the latent; null with <see cref="KeyValueUp"/>.</summary>
    public WeightMatrix? KeyUp { get; init; }

    /// <summary>[Latent, ValueDim · Heads]: a mixed latent to an output head; null with <see cref="KeyValueUp"/>.</summary>
    public WeightMatrix? ValueUp { get; init; }

    /// <summary>[Latent, (PlainDim + ValueDim) · Heads], or null.</summary>
    public WeightMatrix? KeyValueUp { get; init; }

    public required WeightMatrix Output { get; init; }

    /// <summary>Values per query head.</summary>
    public int QueryDim => PlainDim + RopeDim;

    /// <summary>Values of a latent vector and the shared key: what is kept of a token.</summary>
    public int LatentKeyDim => Latent + RopeDim;

    // A row of intermediate results; where queries meet the latent, output heads take the place of the queries, which are spent by then.
    internal long LatentOffset => RowRoom.CacheLines((long)Heads * Math.Max(QueryDim, ValueDim));

    internal long QueryDownOffset => LatentOffset + RowRoom.CacheLines(LatentKeyDim);

    /// <summary>Queries that meet the latent, or the expanded keys and values.</summary>
    internal long WideOffset => QueryDownOffset + RowRoom.CacheLines(QueryDown?.Rows ?? 0);

    internal long MixedOffset => WideOffset + RowRoom.CacheLines((long)Heads * (KeyValueUp is null ? LatentKeyDim : PlainDim + ValueDim));

    /// <summary>Floats of all heads of an expanded key.</summary>
    internal int KeyWidth => Heads * QueryDim;

    /// <summary>Floats of all heads of an expanded value.</summary>
    internal int ValueWidth => Heads * ValueDim;

    /// <summary>Query heads that a thread takes at once over the same keys.</summary>
    internal int HeadsPerUnit => Math.Min(Heads, KeyValueUp is null ? 16 : 1);

    /// <inheritdoc/>
    public override long RowFloats => MixedOffset + RowRoom.CacheLines((long)Heads * (KeyValueUp is null ? Latent : ValueDim));

    /// <inheritdoc/>
    public override int WidestInput
    {
        get
        {
            int widest = new[] { Output.Columns, Query.Columns, KeyValueDown.Columns }.Max();
            return KeyValueUp is null ? Math.Max(widest, RowRoom.HeadColumns(Heads, Math.Max(PlainDim, Latent))) : Math.Max(widest, Latent);
        }
    }

    /// <inheritdoc/>
    public override long ThreadFloats => Attention.ScratchFloats(HeadsPerUnit, KeyValueUp is null ? Latent : ValueDim);

    /// <inheritdoc/>
    public override IReadOnlyList<long> StateRowBytes(KvType type)
    {
        int element = type == KvType.F16 ? 2 : 4;
        return KeyValueUp is null ? [(long)LatentKeyDim * element] : [(long)KeyWidth * element, (long)ValueWidth * element];
    }
}
