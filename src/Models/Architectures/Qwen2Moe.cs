using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen1.5 and Qwen2 with experts; the shared expert has a gate.</summary>
internal static class Qwen2Moe
{
    internal static readonly Architecture Row = new("qwen2moe", RopeStyle.Half)
    {
        Experts = new ExpertRouting(RouterWeighting.Softmax) { HasSharedGate = true },
    };
}
