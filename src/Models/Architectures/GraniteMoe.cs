using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Granite with experts; its four factors are keys, a shared expert comes with its tensors.</summary>
internal static class GraniteMoe
{
    internal static readonly Architecture Row = new("granitemoe", RopeStyle.Interleaved)
    {
        Scale = AttentionScale.Key,
        Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true },
    };
}
