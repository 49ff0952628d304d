using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>MiniMax M2; the norms of Q and K run over all heads.</summary>
internal static class MiniMaxM2
{
    internal static readonly Architecture Row = new("minimax-m2", RopeStyle.Half)
    {
        QkNorm = QkNorm.Row,
        Experts = new ExpertRouting(RouterWeighting.Sigmoid) { HasGatingKey = true, Normalises = true },
    };
}
