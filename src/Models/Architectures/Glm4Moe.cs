using LayerStream.Kernels.Ops;

namespace LayerStream.Models.Architectures;

/// <summary>GLM-4.5 to 4.7; biases and norms of Q and K come with their tensors.</summary>
internal static class Glm4Moe
{
    internal static readonly Architecture Row = new("glm4moe", RopeStyle.Half)
    {
        FfnNorm = "post_attention_norm",
        Experts = new ExpertRouting(RouterWeighting.Sigmoid) { HasGatingKey = true, HasRoutingKeys = true },
    };
}
