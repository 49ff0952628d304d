using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>OLMoE; the norms of Q and K run over all heads, the weights of experts stay as the softmax gives them.</summary>
internal static class OlMoe
{
    internal static readonly Architecture Row = new("olmoe", RopeStyle.Half)
    {
        QkNorm = QkNorm.Row,
        Experts = new ExpertRouting(RouterWeighting.Softmax),
    };
}
