using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Qwen3 with experts.</summary>
internal static class Qwen3Moe
{
    internal static readonly Architecture Row = new("qwen3moe", RopeStyle.Half)
    {
        Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true },
    };
}
