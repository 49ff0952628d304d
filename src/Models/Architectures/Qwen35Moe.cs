using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen3.5 and 3.6 with experts.</summary>
internal static class Qwen35Moe
{
    internal static readonly Architecture Row = new("qwen35moe", RopeStyle.Half)
    {
        FfnNorm = "post_attention_norm",
        HasQueryGate = true,
        DeltaNet = DeltaHeadMap.Tiled,
        Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true, HasSharedGate = true },
    };
}
