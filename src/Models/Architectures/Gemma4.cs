using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Architectures;

/// <summary>Gemma 4; geometry per kind of layer, shared keys and values, and per-layer embeddings come with their keys.</summary>
internal static class Gemma4
{
    internal static readonly Architecture Row = new("gemma4", RopeStyle.Half)
    {
        Norms = NormPlace.Both,
        Scale = AttentionScale.One,
        Sliding = new SlidingLayers(0, Theta: 10000),
        NormalisesValues = true,
        KeysMayBeValues = true,
        Activation = GatedActivation.Gelu,
        ScalesEmbeddingByRootWidth = true,
        Experts = new ExpertRouting(RouterWeighting.Softmax) { Normalises = true, HasParallelNetwork = true },
    };
}
