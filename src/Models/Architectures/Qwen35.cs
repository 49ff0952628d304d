using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen3.5 and 3.6 dense: as Qwen3-Next, but the converter reordered the value heads.</summary>
internal static class Qwen35
{
    internal static readonly Architecture Row = new("qwen35", RopeStyle.Half)
    {
        FfnNorm = "post_attention_norm",
        HasQueryGate = true,
        DeltaNet = DeltaHeadMap.Tiled,
    };
}
