using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>OLMo 2, and OLMo 3 whose files have a window and rotate sliding layers by the plain base.</summary>
internal static class Olmo2
{
    internal static readonly Architecture Row = new("olmo2", RopeStyle.Half)
    {
        Norms = NormPlace.After,
        QkNorm = QkNorm.Row,
        Sliding = new SlidingLayers(4),
    };
}
