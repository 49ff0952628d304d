using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>gpt-oss; sinks and biases come with their tensors, every second layer slides.</summary>
internal static class GptOss
{
    internal static readonly Architecture Row = new("gpt-oss", RopeStyle.Half)
    {
        FfnNorm = "post_attention_norm",
        Sliding = new SlidingLayers(2, ScalesRope: true),
        Activation = GatedActivation.ClampedSwish,
        Experts = new ExpertRouting(RouterWeighting.SelectedSoftmax),
    };
}
