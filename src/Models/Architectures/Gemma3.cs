using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>Gemma 3, 270M to 27B; the converter folded 1 into the norms.</summary>
internal static class Gemma3
{
    internal static readonly Architecture Row = new("gemma3", RopeStyle.Half)
    {
        Norms = NormPlace.Both,
        LayersScaledByWidth = 62, // the 27B model
        Sliding = new SlidingLayers(6, Theta: 10000),
        Activation = GatedActivation.Gelu,
        ScalesEmbeddingByRootWidth = true,
    };
}
