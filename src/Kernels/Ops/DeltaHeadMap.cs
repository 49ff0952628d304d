namespace LayerStream.Kernels.Ops;

/// <summary>Which key head a value head of a gated delta net reads.</summary>
public enum DeltaHeadMap
{
    /// <summary>⌊v · keyHeads / valueHeads⌋: neighbours share (qwen3next).</summary>
    Grouped,

    /// <summary>v mod keyHeads (qwen35, qwen35moe: their value heads are stored in another order).</summary>
    Tiled,
}
