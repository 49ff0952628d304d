using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>Phi-3, 3.5, Phi-4 and Phi-4-mini; fused projections and long rope come with their tensors.</summary>
internal static class Phi3
{
    internal static readonly Architecture Row = new("phi3",
        RopeStyle.Half)
    { Sliding = new SlidingLayers(SlidingLayers.EveryLayer, ScalesRope: true) };
}
