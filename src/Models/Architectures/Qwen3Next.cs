using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen3-Next: delta net layers between those with attention; neighbouring value heads share a key head.</summary>
internal static class Qwen3Next
{
    internal static readonly Architecture Row = new("qwen3next", RopeStyle.Half)
    {
        FfnNorm = "post_attention_norm",
        HasQueryGate = true,
        DeltaNet = DeltaHeadMap.Grouped,
        Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true, HasSharedGate = true },
    };
}
